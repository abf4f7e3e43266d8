// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/key_update.h"

#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

//      enum {
//          update_not_requested(0), update_requested(1), (255)
//      } KeyUpdateRequest;
//      struct {
//          KeyUpdateRequest request_update;
//      } KeyUpdate;
std::optional<KeyUpdate> ParseKeyUpdate(std::span<const uint8_t> body, bool* illegal) {
  *illegal = false;
  ByteReader reader(body);
  uint8_t request;
  if (!reader.ReadU8(&request) || !reader.empty()) return std::nullopt;
  //= rfc8446#section-4.6.3
  //# If an implementation
  //# receives any other value, it MUST terminate the connection with an
  //# "illegal_parameter" alert.
  if (request > 1) {
    *illegal = true;
    return std::nullopt;
  }
  return KeyUpdate{.update_requested = request == 1};
}

std::vector<uint8_t> SerializeKeyUpdate(KeyUpdate update) {
  return {static_cast<uint8_t>(update.update_requested ? 1 : 0)};
}

}  // namespace dtls13
