// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_HANDSHAKE_HEADER_H_
#define DTLS13_WIRE_HANDSHAKE_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// DTLSHandshake's header, RFC 9147 section 5.2: 12 bytes.
inline constexpr size_t kHandshakeHeaderLen = 12;

struct HandshakeHeader {
  HandshakeType type = HandshakeType::kClientHello;
  uint32_t message_len = 0;  // 24 bits
  uint16_t message_seq = 0;
  uint32_t fragment_offset = 0;  // 24 bits
  uint32_t fragment_len = 0;     // 24 bits
};

// HandshakeFragment is one fragment found in a record; `body` views the record.
struct HandshakeFragment {
  HandshakeHeader header;
  std::span<const uint8_t> body;
};

// ReadHandshakeFragment takes the next fragment off `reader`. Nothing, with `reader` untouched,
// when it is cut short or when fragment_offset + fragment_len exceeds message_len.
std::optional<HandshakeFragment> ReadHandshakeFragment(ByteReader* reader);

// WriteHandshakeHeader writes kHandshakeHeaderLen bytes to `out`, which must hold them.
void WriteHandshakeHeader(const HandshakeHeader& header, std::span<uint8_t> out);

// WholeMessage is header and `body` of a message as the one fragment that is all of it. `body` has
// less than 2^24 bytes.
std::vector<uint8_t> WholeMessage(HandshakeType type, uint16_t message_seq,
                                  std::span<const uint8_t> body);

}  // namespace dtls13

#endif  // DTLS13_WIRE_HANDSHAKE_HEADER_H_
