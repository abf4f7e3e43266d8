// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_AES_BLOCK_H_
#define DTLS13_CRYPTO_AES_BLOCK_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

inline constexpr size_t kAesBlockLen = 16;
inline constexpr size_t kAesBlockKeyLen = 16;

// AesBlock is AES-128 of single blocks under one key (ECB), for what is built of such. Move-only,
// not thread-safe. It does not know what is in a block.
class AesBlock {
 public:
  // Nothing when libcrypto has no AES-128, or fails.
  static std::optional<AesBlock> Create(const Algorithms& algorithms,
                                        std::span<const uint8_t, kAesBlockKeyLen> key);

  // Each replaces `block`, and is false when libcrypto fails.
  [[nodiscard]] bool Encrypt(std::span<uint8_t, kAesBlockLen> block) const;
  [[nodiscard]] bool Decrypt(std::span<uint8_t, kAesBlockLen> block) const;

 private:
  AesBlock(OpenSslPtr<EVP_CIPHER_CTX> encryptor, OpenSslPtr<EVP_CIPHER_CTX> decryptor);

  OpenSslPtr<EVP_CIPHER_CTX> encryptor_;
  OpenSslPtr<EVP_CIPHER_CTX> decryptor_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_AES_BLOCK_H_
