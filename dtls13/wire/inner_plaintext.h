// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_INNER_PLAINTEXT_H_
#define DTLS13_WIRE_INNER_PLAINTEXT_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// InnerPlaintext is a DTLSInnerPlaintext taken apart.
struct InnerPlaintext {
  ContentType type = ContentType::kInvalid;
  std::span<uint8_t> content;
};

// ParseInnerPlaintext strips the padding. Nothing when there is only padding, when the content
// exceeds kMaxPlaintextLen, or when its type is not one that a protected record may carry.
std::optional<InnerPlaintext> ParseInnerPlaintext(std::span<uint8_t> serialized,
                                                  const WireProfile& profile = kRfc9147Profile);

}  // namespace dtls13

#endif  // DTLS13_WIRE_INNER_PLAINTEXT_H_
