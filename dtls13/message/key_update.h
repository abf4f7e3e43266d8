// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_KEY_UPDATE_H_
#define DTLS13_MESSAGE_KEY_UPDATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dtls13 {

// KeyUpdate, RFC 8446 section 4.6.3. Nothing when it does not parse; `*illegal` is set when the
// value is neither 0 nor 1: illegal_parameter instead of decode_error.
struct KeyUpdate {
  bool update_requested = false;
};
std::optional<KeyUpdate> ParseKeyUpdate(std::span<const uint8_t> body, bool* illegal);
std::vector<uint8_t> SerializeKeyUpdate(KeyUpdate update);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_KEY_UPDATE_H_
