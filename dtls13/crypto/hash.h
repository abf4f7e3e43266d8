// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_HASH_H_
#define DTLS13_CRYPTO_HASH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace dtls13 {

class Algorithms;

// HashId names the hash of a cipher suite, RFC 8446 appendix B.4.
enum class HashId : uint8_t { kSha256, kSha384 };

inline constexpr size_t kNumHashes = 2;
inline constexpr size_t kMaxHashLen = 48;

// HashLen is the output length in bytes.
constexpr size_t HashLen(HashId hash) { return hash == HashId::kSha256 ? 32 : 48; }

// HashValue is a hash or MAC output. Its contents are public: secrets live in Secret.
struct HashValue {
  std::array<uint8_t, kMaxHashLen> bytes{};
  size_t len = 0;

  std::span<const uint8_t> view() const { return {bytes.data(), len}; }
  friend bool operator==(const HashValue&, const HashValue&) = default;
};

// Hash returns the hash of `data`; nothing when libcrypto fails.
std::optional<HashValue> Hash(const Algorithms& algorithms, HashId hash,
                              std::span<const uint8_t> data);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_HASH_H_
