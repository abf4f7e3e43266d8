// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_SIGNATURE_H_
#define DTLS13_CRYPTO_SIGNATURE_H_

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/signature_scheme.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// KeyTypeOf never fails: what is not known is kUnknown. Null is kUnknown too.
KeyType KeyTypeOf(const EVP_PKEY* key);

// SamePublicKey is true when both are the same public key, whoever provides them.
bool SamePublicKey(const EVP_PKEY* a, const EVP_PKEY* b);

// SchemesForKey lists what `key` may sign in a CertificateVerify, most wanted first; empty for a
// key that TLS 1.3 has no scheme for. An RSA key too short for a scheme's hash does not get that
// scheme, and an RSA-PSS key restricted to parameters gets only the scheme that fits them.
std::vector<SignatureScheme> SchemesForKey(const EVP_PKEY* key);

// SchemeFitsKey is false for unknown schemes, for those that TLS 1.3 allows only in certificates,
// and for keys of another type or curve.
bool SchemeFitsKey(SignatureScheme scheme, const EVP_PKEY* key);
// For who knows `type`, the key's KeyTypeOf: libcrypto takes a microsecond to tell it.
bool SchemeFitsKey(SignatureScheme scheme, const EVP_PKEY* key, KeyType type);

// BuildCertificateVerifyInput is the content a CertificateVerify signs, RFC 8446 section 4.4.3; RFC
// 9147 leaves it as it is. `is_server` tells whose signature it is.
std::vector<uint8_t> BuildCertificateVerifyInput(bool is_server,
                                                 std::span<const uint8_t> transcript_hash);

// VerifySignature is false when the scheme does not fit the key (illegal_parameter is the caller's
// to send: ask SchemeFitsKey first), when the signature is wrong (decrypt_error), and when
// libcrypto fails.
[[nodiscard]] bool VerifySignature(const Algorithms& algorithms, EVP_PKEY* key,
                                   SignatureScheme scheme, std::span<const uint8_t> message,
                                   std::span<const uint8_t> signature);
[[nodiscard]] bool VerifySignature(const Algorithms& algorithms, EVP_PKEY* key, KeyType type,
                                   SignatureScheme scheme, std::span<const uint8_t> message,
                                   std::span<const uint8_t> signature);

// SignMessage returns nothing when the scheme does not fit the key or libcrypto fails.
std::optional<std::vector<uint8_t>> SignMessage(const Algorithms& algorithms, EVP_PKEY* key,
                                                SignatureScheme scheme,
                                                std::span<const uint8_t> message);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_SIGNATURE_H_
