// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_GREASE_H_
#define DTLS13_MESSAGE_GREASE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "dtls13/crypto/random_source.h"

namespace dtls13 {

// GreaseValues are one handshake's values of RFC 8701: code points nobody will ever assign, sent
// among the true ones so that peers keep ignoring what they do not know. Drawn once, because the
// second ClientHello repeats the first. That a peer chose one of them needs no looking for: it was
// never in a list of what was offered.
struct GreaseValues {
  uint16_t cipher_suite = 0;
  uint16_t group = 0;
  uint16_t signature_scheme = 0;
  uint16_t version = 0;
  uint16_t first_extension = 0;
  uint16_t last_extension = 0;  // another one
  uint8_t psk_mode = 0;
  uint16_t protocol = 0;  // the two bytes of an ALPN name

  // Nothing when randomness fails.
  static std::optional<GreaseValues> Draw(RandomSource* random);

  std::string ProtocolName() const;
};

// IsGrease is true for the sixteen values reserved for 16-bit code points.
constexpr bool IsGrease(uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_GREASE_H_
