// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/finished.h"

namespace dtls13 {

//      struct {
//          opaque verify_data[Hash.length];
//      } Finished;
std::optional<std::span<const uint8_t>> ParseFinished(std::span<const uint8_t> body,
                                                      size_t hash_len) {
  if (body.size() != hash_len) return std::nullopt;
  return body;
}

std::vector<uint8_t> SerializeFinished(std::span<const uint8_t> verify_data) {
  return {verify_data.begin(), verify_data.end()};
}

}  // namespace dtls13
