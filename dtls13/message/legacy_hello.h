#ifndef DTLS13_MESSAGE_LEGACY_HELLO_H_
#define DTLS13_MESSAGE_LEGACY_HELLO_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/legacy_offer.h"

namespace dtls13 {

// LegacyHello is a ClientHello of DTLS 1.2 or older, taken apart. `random` (32 bytes) and
// `session_id` are to be the same in ours: a server's cookie may be made of them.
struct LegacyHello {
  std::vector<uint8_t> random;
  std::vector<uint8_t> session_id;
  LegacyOffer offer;
};

// ReadLegacyHello takes the body of a ClientHello. Nothing when it is malformed, or offers DTLS 1.3
// itself.
std::optional<LegacyHello> ReadLegacyHello(std::span<const uint8_t> body);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_LEGACY_HELLO_H_
