// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_AEAD_H_
#define DTLS13_CRYPTO_AEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// Aead is one record key in one direction: RFC 8446 section 5.2's AEAD with the nonce of section
// 5.3. The key schedule of the cipher is computed once; a record costs no allocation. Move-only.
// It does not know records, epochs or limits, and never refuses a sequence number it has used: the
// caller may not repeat one.
class Aead {
 public:
  // CreateSealer: nothing when the suite is not supported, a length is wrong, or libcrypto fails.
  // `key` has suite.key_len bytes, `iv` suite.iv_len.
  static std::optional<Aead> CreateSealer(const Algorithms& algorithms, const CipherSuite& suite,
                                          std::span<const uint8_t> key,
                                          std::span<const uint8_t> iv);
  static std::optional<Aead> CreateOpener(const Algorithms& algorithms, const CipherSuite& suite,
                                          std::span<const uint8_t> key,
                                          std::span<const uint8_t> iv);

  Aead(Aead&& other) noexcept = default;
  Aead& operator=(Aead&& other) noexcept = default;
  ~Aead();

  // Seal encrypts `in_out` in place and writes the tag. Sealers only.
  [[nodiscard]] bool Seal(uint64_t sequence_number, std::span<const uint8_t> aad,
                          std::span<uint8_t> in_out, std::span<uint8_t, kAeadTagLen> tag);

  // SealCopy encrypts `content` followed by `trailer` (the inner content type and the padding) to
  // `out` and puts the tag behind them. `out` has exactly content.size() + trailer.size() +
  // kAeadTagLen bytes. `content` may start where `out` does, and else may not overlap it; `trailer`
  // may lie where it comes to lie in `out`, and else may not either. Sealers only.
  [[nodiscard]] bool SealCopy(uint64_t sequence_number, std::span<const uint8_t> aad,
                              std::span<const uint8_t> content, std::span<const uint8_t> trailer,
                              std::span<uint8_t> out);

  // Open decrypts in place all but the last kAeadTagLen bytes, which are the tag. False when it
  // does not authenticate; the bytes are then undefined. Openers only.
  [[nodiscard]] bool Open(uint64_t sequence_number, std::span<const uint8_t> aad,
                          std::span<uint8_t> ciphertext_and_tag);

 private:
  using Nonce = std::array<uint8_t, kAeadIvLen>;

  static std::optional<Aead> Create(const Algorithms& algorithms, const CipherSuite& suite,
                                    std::span<const uint8_t> key, std::span<const uint8_t> iv,
                                    bool seal);
  Aead(OpenSslPtr<EVP_CIPHER_CTX> context, std::span<const uint8_t> iv);

  void MakeNonce(uint64_t sequence_number, Nonce* nonce) const;

  OpenSslPtr<EVP_CIPHER_CTX> context_;
  Nonce iv_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_AEAD_H_
