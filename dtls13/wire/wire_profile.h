// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_WIRE_PROFILE_H_
#define DTLS13_WIRE_WIRE_PROFILE_H_

#include <cstdint>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// LabelPrefix is the start of every label that goes into HKDF-Expand-Label.
enum class LabelPrefix : uint8_t {
  kDtls13,         // "dtls13", RFC 9147 section 5.9
  kDtls13Draft26,  // "tls13 ": DTLS drafts before -32 kept TLS's own
  kTls13,          // "tls13 ", RFC 8446 section 7.1
};

// WireProfile is what of DTLS 1.3 changed on the wire while it was written, as one value: the
// codecs, the transcript, the key schedule and the negotiation are given it, and what does not
// differ has no part in it. A default one is RFC 9147, and nothing negotiates between profiles:
// each has a version of its own. It does not know timers, nor what an association is configured to
// offer.
struct WireProfile {
  uint16_t version = kDtls13Version;  // in supported_versions
  LabelPrefix label_prefix = LabelPrefix::kDtls13;

  friend constexpr bool operator==(const WireProfile&, const WireProfile&) = default;
};

inline constexpr WireProfile kRfc9147Profile;

}  // namespace dtls13

#endif  // DTLS13_WIRE_WIRE_PROFILE_H_
