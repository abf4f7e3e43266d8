// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PATH_ID_H_
#define DTLS13_PATH_ID_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace dtls13 {

// PathId names where a datagram came from or is to go, by bytes that only the caller understands:
// the peer's address and port, and the local ones too where there are several. The same path always
// has the same bytes. The empty one is the only path of a caller that names none.
class PathId {
 public:
  // kMaxLen has room for both ends' IPv6 addresses, ports and scopes.
  static constexpr size_t kMaxLen = 64;

  PathId() = default;
  // Of returns nothing when `bytes` are longer than kMaxLen.
  static std::optional<PathId> Of(std::span<const uint8_t> bytes) {
    if (bytes.size() > kMaxLen) return std::nullopt;
    PathId path;
    std::copy(bytes.begin(), bytes.end(), path.bytes_.begin());
    path.len_ = static_cast<uint8_t>(bytes.size());
    return path;
  }

  std::span<const uint8_t> bytes() const { return std::span(bytes_).first(len_); }
  bool empty() const { return len_ == 0; }
  friend bool operator==(const PathId& one, const PathId& other) {
    return one.len_ == other.len_ && one.first_word() == other.first_word() &&
           (one.len_ <= sizeof(uint64_t) ||
            std::memcmp(one.bytes_.data(), other.bytes_.data(), one.len_) == 0);
  }

 private:
  // first_word is all of an IPv4 address with its port, and tells most others apart.
  uint64_t first_word() const {
    uint64_t word = 0;
    std::memcpy(&word, bytes_.data(), sizeof(word));
    return word;
  }

  std::array<uint8_t, kMaxLen> bytes_{};  // zeros behind len_
  uint8_t len_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_PATH_ID_H_
