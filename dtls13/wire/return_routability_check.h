// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_RETURN_ROUTABILITY_CHECK_H_
#define DTLS13_WIRE_RETURN_ROUTABILITY_CHECK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dtls13 {

// PathCookie is what a challenge carries and its answer repeats.
using PathCookie = std::array<uint8_t, 8>;

// ReturnRoutabilityCheck is one record's content of that type, RFC 9853 section 4.
struct ReturnRoutabilityCheck {
  enum class Type : uint8_t { kPathChallenge = 0, kPathResponse = 1, kPathDrop = 2 };

  Type type = Type::kPathChallenge;
  PathCookie cookie{};

  friend bool operator==(const ReturnRoutabilityCheck&, const ReturnRoutabilityCheck&) = default;
};

inline constexpr size_t kReturnRoutabilityCheckLen = 1 + sizeof(PathCookie);

// ParseReturnRoutabilityCheck reads exactly one message. Nothing when its length is wrong or its
// type unknown: to be ignored either way.
std::optional<ReturnRoutabilityCheck> ParseReturnRoutabilityCheck(std::span<const uint8_t> content);

std::array<uint8_t, kReturnRoutabilityCheckLen> SerializeReturnRoutabilityCheck(
    const ReturnRoutabilityCheck& message);

}  // namespace dtls13

#endif  // DTLS13_WIRE_RETURN_ROUTABILITY_CHECK_H_
