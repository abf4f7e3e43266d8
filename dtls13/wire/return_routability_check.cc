// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/return_routability_check.h"

#include <algorithm>

namespace dtls13 {

//      uint64 Cookie;
//      enum {
//          path_challenge(0),
//          path_response(1),
//          path_drop(2),
//          (255)
//      } rrc_msg_type;
//      struct {
//          rrc_msg_type msg_type;
//          select (return_routability_check.msg_type) {
//              case path_challenge: Cookie;
//              case path_response:  Cookie;
//              case path_drop:      Cookie;
//          };
//      } return_routability_check;
std::optional<ReturnRoutabilityCheck> ParseReturnRoutabilityCheck(
    std::span<const uint8_t> content) {
  using Type = ReturnRoutabilityCheck::Type;
  //= draft-ietf-tls-dtls-rrc#section-4
  //# Implementations MUST be able to parse and understand the
  //# three RRC message types defined in this document.  In addition,
  //# implementations MUST be able to parse and gracefully ignore messages
  //# with an unknown msg_type.
  if (content.size() != kReturnRoutabilityCheckLen ||
      content[0] > static_cast<uint8_t>(Type::kPathDrop)) {
    return std::nullopt;
  }
  ReturnRoutabilityCheck message;
  message.type = static_cast<Type>(content[0]);
  std::copy(content.begin() + 1, content.end(), message.cookie.begin());
  return message;
}

std::array<uint8_t, kReturnRoutabilityCheckLen> SerializeReturnRoutabilityCheck(
    const ReturnRoutabilityCheck& message) {
  std::array<uint8_t, kReturnRoutabilityCheckLen> content{};
  content[0] = static_cast<uint8_t>(message.type);
  std::copy(message.cookie.begin(), message.cookie.end(), content.begin() + 1);
  return content;
}

}  // namespace dtls13
