// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_FINISHED_H_
#define DTLS13_MESSAGE_FINISHED_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dtls13 {

// ParseFinished takes a whole body, RFC 8446 section 4.4.4, and returns its verify_data, a view.
// Nothing (decode_error) unless it has exactly `hash_len` bytes.
std::optional<std::span<const uint8_t>> ParseFinished(std::span<const uint8_t> body,
                                                      size_t hash_len);

std::vector<uint8_t> SerializeFinished(std::span<const uint8_t> verify_data);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_FINISHED_H_
