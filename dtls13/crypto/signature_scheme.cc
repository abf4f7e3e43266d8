// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/signature_scheme.h"

#include <algorithm>
#include <array>

namespace dtls13 {
namespace {

// In the order this library prefers them for one key.
//= rfc8446#section-4.4.3
//# RSA signatures MUST use an RSASSA-PSS algorithm, regardless of whether
//# RSASSA-PKCS1-v1_5 algorithms appear in "signature_algorithms".
//= rfc8446#section-4.4.3
//# The SHA-1 algorithm MUST NOT be used in any signatures of
//# CertificateVerify messages.
//= rfc8446#section-9.1
//# MUST support digital signatures with rsa_pkcs1_sha256 (for
//# certificates), rsa_pss_rsae_sha256 (for CertificateVerify and
//# certificates), and ecdsa_secp256r1_sha256.
//= rfc8446#section-4.2.3
//# Endpoints SHOULD NOT negotiate these algorithms but are permitted to
//# do so solely for backward compatibility.
constexpr std::array<SignatureSchemeInfo, 20> kSchemes = {{
    {SignatureScheme::kEcdsaSecp256r1Sha256, "ecdsa_secp256r1_sha256", KeyType::kEcdsaP256,
     "SHA2-256", 32, false, true},
    {SignatureScheme::kEcdsaSecp384r1Sha384, "ecdsa_secp384r1_sha384", KeyType::kEcdsaP384,
     "SHA2-384", 48, false, true},
    {SignatureScheme::kEcdsaSecp521r1Sha512, "ecdsa_secp521r1_sha512", KeyType::kEcdsaP521,
     "SHA2-512", 64, false, true},
    {SignatureScheme::kEd25519, "ed25519", KeyType::kEd25519, nullptr, 0, false, true},
    {SignatureScheme::kEd448, "ed448", KeyType::kEd448, nullptr, 0, false, true},
    {SignatureScheme::kRsaPssRsaeSha256, "rsa_pss_rsae_sha256", KeyType::kRsa, "SHA2-256", 32, true,
     true},
    {SignatureScheme::kRsaPssRsaeSha384, "rsa_pss_rsae_sha384", KeyType::kRsa, "SHA2-384", 48, true,
     true},
    {SignatureScheme::kRsaPssRsaeSha512, "rsa_pss_rsae_sha512", KeyType::kRsa, "SHA2-512", 64, true,
     true},
    {SignatureScheme::kRsaPssPssSha256, "rsa_pss_pss_sha256", KeyType::kRsaPss, "SHA2-256", 32,
     true, true},
    {SignatureScheme::kRsaPssPssSha384, "rsa_pss_pss_sha384", KeyType::kRsaPss, "SHA2-384", 48,
     true, true},
    {SignatureScheme::kRsaPssPssSha512, "rsa_pss_pss_sha512", KeyType::kRsaPss, "SHA2-512", 64,
     true, true},
    {SignatureScheme::kEcdsaBrainpoolP256r1Tls13Sha256, "ecdsa_brainpoolP256r1tls13_sha256",
     KeyType::kBrainpoolP256, "SHA2-256", 32, false, true},
    {SignatureScheme::kEcdsaBrainpoolP384r1Tls13Sha384, "ecdsa_brainpoolP384r1tls13_sha384",
     KeyType::kBrainpoolP384, "SHA2-384", 48, false, true},
    {SignatureScheme::kEcdsaBrainpoolP512r1Tls13Sha512, "ecdsa_brainpoolP512r1tls13_sha512",
     KeyType::kBrainpoolP512, "SHA2-512", 64, false, true},
    {SignatureScheme::kMlDsa44, "mldsa44", KeyType::kMlDsa44, nullptr, 0, false, true},
    {SignatureScheme::kMlDsa65, "mldsa65", KeyType::kMlDsa65, nullptr, 0, false, true},
    {SignatureScheme::kMlDsa87, "mldsa87", KeyType::kMlDsa87, nullptr, 0, false, true},
    //= rfc8446#section-4.2.3
    //# These values refer solely to signatures which appear in certificates
    //# (see Section 4.4.2.2) and are not defined for use in signed TLS
    //# handshake messages,
    {SignatureScheme::kRsaPkcs1Sha256, "rsa_pkcs1_sha256", KeyType::kRsa, "SHA2-256", 32, false,
     false},
    {SignatureScheme::kRsaPkcs1Sha384, "rsa_pkcs1_sha384", KeyType::kRsa, "SHA2-384", 48, false,
     false},
    {SignatureScheme::kRsaPkcs1Sha512, "rsa_pkcs1_sha512", KeyType::kRsa, "SHA2-512", 64, false,
     false},
}};

}  // namespace

const SignatureSchemeInfo* FindSignatureScheme(SignatureScheme scheme) {
  const auto found =
      std::find_if(kSchemes.begin(), kSchemes.end(),
                   [scheme](const SignatureSchemeInfo& info) { return info.scheme == scheme; });
  return found != kSchemes.end() ? &*found : nullptr;
}

std::span<const SignatureSchemeInfo> SignatureSchemes() { return kSchemes; }

}  // namespace dtls13
