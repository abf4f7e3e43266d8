// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_AEAD_H_
#define DTLS13_CRYPTO_AEAD_H_

#include <openssl/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/ipsec_mb.h"

namespace dtls13 {

// Aead is one record key in one direction: RFC 8446 section 5.2's AEAD with the nonce of section
// 5.3, by the library that `algorithms` has for it. The key schedule of the cipher is computed
// once; a record costs no allocation. Move-only. It does not know records, epochs or limits, and
// never refuses a sequence number it has used: the caller may not repeat one.
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

  Aead(Aead&& other) noexcept;
  Aead& operator=(Aead&& other) noexcept;
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
  explicit Aead(std::span<const uint8_t> iv);

  EVP_CIPHER_CTX* context() const { return static_cast<EVP_CIPHER_CTX*>(key_); }
  IpsecMbKey* ipsec_mb_key() const { return static_cast<IpsecMbKey*>(key_); }
  void MakeNonce(uint64_t sequence_number, Nonce* nonce) const;

  // An IpsecMbKey or an EVP_CIPHER_CTX: one pointer, for there are two of these an association.
  void* key_ = nullptr;
  Nonce iv_;
  bool is_ipsec_mb_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_AEAD_H_
