// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_HMAC_H_
#define DTLS13_CRYPTO_HMAC_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// Hmac returns the MAC (RFC 2104) of the concatenation of `parts`; nothing for an empty key or when
// libcrypto fails. Parts are not delimited: a caller whose fields vary in length encodes lengths.
// Compare results with ConstantTimeEquals.
std::optional<HashValue> Hmac(const Algorithms& algorithms, HashId hash,
                              std::span<const uint8_t> key,
                              std::initializer_list<std::span<const uint8_t>> parts);

// HmacContext computes one such MAC after another: making a context takes libcrypto longer than a
// short MAC does. Not thread-safe. It holds on to the latest key.
class HmacContext {
 public:
  // Create: nothing when the hash is not supported or libcrypto fails.
  static std::optional<HmacContext> Create(const Algorithms& algorithms, HashId hash);

  // Compute is Hmac's.
  std::optional<HashValue> Compute(std::span<const uint8_t> key,
                                   std::initializer_list<std::span<const uint8_t>> parts);

 private:
  explicit HmacContext(OpenSslPtr<EVP_MAC_CTX> context) : context_(std::move(context)) {}

  OpenSslPtr<EVP_MAC_CTX> context_;
};

// NewHmac returns a context without a key; null when the hash is not supported or libcrypto fails.
OpenSslPtr<EVP_MAC_CTX> NewHmac(const Algorithms& algorithms, HashId hash);

// KeyHmac makes `context` ready for the first update of a MAC under `key`, whatever it did before.
// False for an empty key and when libcrypto fails.
[[nodiscard]] bool KeyHmac(EVP_MAC_CTX* context, std::span<const uint8_t> key);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_HMAC_H_
