// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/handshake_header.h"

#include <algorithm>

#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

// RFC 9147 section 5.2:
//
//   struct {
//       HandshakeType msg_type;    /* handshake type */
//       uint24 length;             /* bytes in message */
//       uint16 message_seq;        /* DTLS-required field */
//       uint24 fragment_offset;    /* DTLS-required field */
//       uint24 fragment_length;    /* DTLS-required field */
//       ...
//   } DTLSHandshake;

std::optional<HandshakeFragment> ReadHandshakeFragment(ByteReader* reader) {
  // Filled in where it is returned: a processor copies it no faster than it reads the header.
  std::optional<HandshakeFragment> fragment(std::in_place);
  ByteReader ahead = *reader;
  HandshakeHeader& header = fragment->header;
  uint8_t type = 0;
  // Offset and length have 24 bits each, so their sum cannot overflow.
  if (!ahead.ReadU8(&type) || !ahead.ReadU24(&header.message_len) ||
      !ahead.ReadU16(&header.message_seq) || !ahead.ReadU24(&header.fragment_offset) ||
      !ahead.ReadU24(&header.fragment_len) ||
      header.fragment_offset + header.fragment_len > header.message_len ||
      !ahead.ReadBytes(header.fragment_len, &fragment->body)) {
    fragment.reset();
    return fragment;
  }
  header.type = static_cast<HandshakeType>(type);
  *reader = ahead;
  return fragment;
}

void WriteHandshakeHeader(const HandshakeHeader& header, std::span<uint8_t> out) {
  ByteWriter writer(out.first(kHandshakeHeaderLen));
  writer.WriteU8(static_cast<uint8_t>(header.type));
  writer.WriteU24(header.message_len);
  writer.WriteU16(header.message_seq);
  writer.WriteU24(header.fragment_offset);
  writer.WriteU24(header.fragment_len);
}

std::vector<uint8_t> WholeMessage(HandshakeType type, uint16_t message_seq,
                                  std::span<const uint8_t> body) {
  const auto len = static_cast<uint32_t>(body.size());
  std::vector<uint8_t> message(kHandshakeHeaderLen + body.size());
  WriteHandshakeHeader({.type = type,
                        .message_len = len,
                        .message_seq = message_seq,
                        .fragment_offset = 0,
                        .fragment_len = len},
                       message);
  std::copy(body.begin(), body.end(), message.begin() + kHandshakeHeaderLen);
  return message;
}

}  // namespace dtls13
