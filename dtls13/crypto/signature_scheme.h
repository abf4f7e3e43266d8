// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_SIGNATURE_SCHEME_H_
#define DTLS13_CRYPTO_SIGNATURE_SCHEME_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// KeyType is a public key as TLS 1.3 tells keys apart: an ECDSA scheme is bound to its curve, and
// rsa_pss_rsae_* to rsaEncryption while rsa_pss_pss_* wants id-RSASSA-PSS.
enum class KeyType : uint8_t {
  kUnknown,
  kRsa,
  kRsaPss,
  kEcdsaP256,
  kEcdsaP384,
  kEcdsaP521,
  kEd25519,
  kEd448,
  kBrainpoolP256,
  kBrainpoolP384,
  kBrainpoolP512,
  kMlDsa44,
  kMlDsa65,
  kMlDsa87,
};

// SignatureSchemeInfo is one row of RFC 8446 section 4.2.3, RFC 8734 section 2 or
// draft-ietf-tls-mldsa section 3. Rows are static.
struct SignatureSchemeInfo {
  SignatureScheme scheme;
  const char* name;  // "ecdsa_secp256r1_sha256"
  KeyType key_type;
  const char* digest;  // libcrypto's name; null where the scheme has its own
  size_t digest_len;   // bytes; 0 where the scheme has its own
  bool uses_pss;
  // False for rsa_pkcs1_*: they sign certificates only.
  bool in_handshake;
};

// FindSignatureScheme returns null for a code point that is not known: callers skip it (a peer may
// list anything).
const SignatureSchemeInfo* FindSignatureScheme(SignatureScheme scheme);

// SignatureSchemes are all that are known, in the order this library prefers them for one key.
std::span<const SignatureSchemeInfo> SignatureSchemes();

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_SIGNATURE_SCHEME_H_
