// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_PLAINTEXT_HANDSHAKE_H_
#define DTLS13_WIRE_PLAINTEXT_HANDSHAKE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// PlaintextFragment is a handshake fragment of a plaintext record of epoch 0, and that record's
// number. `fragment.body` views the datagram.
struct PlaintextFragment {
  SequenceNumber record_number;
  HandshakeFragment fragment = {};
};

// PlaintextFragmentReader walks over the handshake fragments of a datagram for those who have no
// association to give it to. It steps over other plaintext records and ends at the first thing
// that is none. It views the datagram, and does not judge types or message_seq.
class PlaintextFragmentReader {
 public:
  explicit PlaintextFragmentReader(std::span<const uint8_t> datagram) : datagram_(datagram) {}

  // Next is false at the end.
  bool Next(PlaintextFragment* out);

 private:
  bool NextRecord();

  std::span<const uint8_t> datagram_;  // what is left of it
  ByteReader fragments_;               // what is left of the present record
  SequenceNumber record_number_;
};

// FindClientHello returns the first fragment of the datagram when it is a ClientHello's; nothing
// otherwise.
std::optional<PlaintextFragment> FindClientHello(std::span<const uint8_t> datagram);

// FindWholeClientHello returns the ClientHello that is all of the datagram's first record; nothing
// otherwise.
std::optional<PlaintextFragment> FindWholeClientHello(std::span<const uint8_t> datagram);

// WritePlaintextRecord writes a record of epoch 0 to the start of `out` and returns its length: 0
// when `out` is too small or `content` longer than a record may be.
size_t WritePlaintextRecord(ContentType type, SequenceNumber number,
                            std::span<const uint8_t> content, std::span<uint8_t> out);

}  // namespace dtls13

#endif  // DTLS13_WIRE_PLAINTEXT_HANDSHAKE_H_
