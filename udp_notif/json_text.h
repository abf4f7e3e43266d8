// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_JSON_TEXT_H_
#define DTLS13_UDP_NOTIF_JSON_TEXT_H_

#include <cstdint>
#include <span>
#include <string>

namespace dtls13::udp_notif {

// IsUtf8 is true for well-formed UTF-8, RFC 3629: no overlong forms, no surrogates.
bool IsUtf8(std::span<const uint8_t> text);

// AppendJsonString writes `text`, which is UTF-8, as a JSON string behind `*out`.
void AppendJsonString(std::span<const uint8_t> text, std::string* out);

// kMaxJsonDepth bounds arrays and objects inside one another: YANG data has one for each level of
// its tree, some tens at the very most.
inline constexpr size_t kMaxJsonDepth = 128;

// AppendCompactJson writes the one JSON value that `text` is (RFC 8259) behind `*out`, without the
// white space between tokens, so that it has no line break. False, and `*out` as it was, when it is
// none, or is deeper than kMaxJsonDepth.
[[nodiscard]] bool AppendCompactJson(std::span<const uint8_t> text, std::string* out);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_JSON_TEXT_H_
