// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_BYTES_TEST_UTIL_H_
#define DTLS13_WIRE_BYTES_TEST_UTIL_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dtls13 {

// Bytes are what tests compare: of any length, and their own.
using Bytes = std::vector<uint8_t>;

// ToBytes copies the characters of a text, without a NUL behind them, or the bytes of a view.
inline Bytes ToBytes(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes ToBytes(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace dtls13

#endif  // DTLS13_WIRE_BYTES_TEST_UTIL_H_
