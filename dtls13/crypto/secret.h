// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_SECRET_H_
#define DTLS13_CRYPTO_SECRET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

// Secret is a short run of key material, stored inline so that no copy of it is left in freed heap
// memory. Move-only; cleansed on destruction and when moved from. An empty Secret is what a failed
// derivation returns, and every function that takes a key refuses it.
// It does not know what its bytes are for.
class Secret {
 public:
  // Holds the longest used here: the shared secret of SecP384r1MLKEM1024. Both keys and the IV of
  // an epoch under AES-256 (PackTrafficKeys) are 76 bytes.
  static constexpr size_t kMaxLen = 48 + 32;

  Secret() = default;
  // `len` zero bytes, at most kMaxLen.
  explicit Secret(size_t len);
  // CopyOf is empty when `bytes` are more than kMaxLen.
  static Secret CopyOf(std::span<const uint8_t> bytes);
  // Read takes opaque<0..kMaxLen> with a length of one byte. False when there is none.
  [[nodiscard]] static bool Read(ByteReader* reader, Secret* out);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  std::span<const uint8_t> bytes() const { return {bytes_.data(), len_}; }
  std::span<uint8_t> mutable_bytes() { return {bytes_.data(), len_}; }
  size_t size() const { return len_; }
  bool empty() const { return len_ == 0; }

  bool EqualsConstantTime(std::span<const uint8_t> other) const;

 private:
  void Cleanse();

  std::array<uint8_t, kMaxLen> bytes_{};
  uint8_t len_ = 0;  // a byte, for every association keeps some of them
};
static_assert(Secret::kMaxLen <= UINT8_MAX);

// Cleanse overwrites `bytes` in a way that is not optimised away: for secrets that are longer than
// a Secret holds, or that stand among other bytes.
void Cleanse(std::span<uint8_t> bytes);

// ConstantTimeEquals compares without a branch on the contents; lengths are not secret.
bool ConstantTimeEquals(std::span<const uint8_t> a, std::span<const uint8_t> b);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_SECRET_H_
