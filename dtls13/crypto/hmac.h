// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_HMAC_H_
#define DTLS13_CRYPTO_HMAC_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>

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

// NewHmac returns a context without a key; null when the hash is not supported or libcrypto fails.
OpenSslPtr<EVP_MAC_CTX> NewHmac(const Algorithms& algorithms, HashId hash);

// KeyHmac makes `context` ready for the first update of a MAC under `key`, whatever it did before.
// False for an empty key and when libcrypto fails.
[[nodiscard]] bool KeyHmac(EVP_MAC_CTX* context, std::span<const uint8_t> key);

// HmacSha256 is Hmac with SHA-256, 32 bytes: what cookies carry.
std::optional<HashValue> HmacSha256(const Algorithms& algorithms, std::span<const uint8_t> key,
                                    std::initializer_list<std::span<const uint8_t>> parts);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_HMAC_H_
