// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {
namespace {

KeyType CurveOf(const EVP_PKEY* key) {
  std::array<char, 32> name;
  size_t len = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &len) != 1) return KeyType::kUnknown;
  const std::string_view curve(name.data(), len);
  // libcrypto says the SEC or X9.62 names, other providers may say NIST's.
  if (curve == "prime256v1" || curve == "P-256") return KeyType::kEcdsaP256;
  if (curve == "secp384r1" || curve == "P-384") return KeyType::kEcdsaP384;
  if (curve == "secp521r1" || curve == "P-521") return KeyType::kEcdsaP521;
  if (curve == "brainpoolP256r1") return KeyType::kBrainpoolP256;
  if (curve == "brainpoolP384r1") return KeyType::kBrainpoolP384;
  if (curve == "brainpoolP512r1") return KeyType::kBrainpoolP512;
  return KeyType::kUnknown;
}

// EMSA-PSS (RFC 8017 section 9.1.1) with a salt of the hash's length wants two hashes and two
// bytes.
bool ModulusHolds(const SignatureSchemeInfo& scheme, const EVP_PKEY* key) {
  return !scheme.uses_pss ||
         static_cast<size_t>(EVP_PKEY_get_bits(key)) > 8 * (2 * scheme.digest_len + 1);
}

// An RSA-PSS key may name the one hash it is for and the shortest salt it allows. A key that names
// neither is unrestricted; one that names a salt alone is restricted to SHA-1.
bool ParametersAllow(const SignatureSchemeInfo& scheme, const EVP_PKEY* key) {
  int min_salt_len = 0;
  if (scheme.key_type != KeyType::kRsaPss ||
      EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &min_salt_len) != 1) {
    return true;
  }
  std::array<char, 32> name;
  size_t len = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_RSA_DIGEST, name.data(), name.size(),
                                     &len) != 1) {
    return false;
  }
  // Providers say "SHA2-256" or, in the old way, "SHA256".
  const std::string_view digest = scheme.digest;
  const std::string old_name = "SHA" + std::string(digest.substr(digest.find('-') + 1));
  const std::string_view allowed(name.data(), len);
  return (allowed == digest || allowed == old_name) &&
         min_salt_len <= static_cast<int>(scheme.digest_len);
}

//= rfc8446#section-4.2.3
//# The keys found in certificates MUST also be of appropriate type for
//# the signature algorithms they are used with.
bool FitsKey(const SignatureSchemeInfo& scheme, const EVP_PKEY* key, KeyType type) {
  return scheme.in_handshake && scheme.key_type == type && ModulusHolds(scheme, key) &&
         ParametersAllow(scheme, key);
}

bool SetPss(EVP_PKEY_CTX* context) {
  //= rfc8446#section-4.2.3
  //# The length of the Salt MUST be equal to the length of the output
  //# of the digest algorithm.
  //= rfc8446#section-4.2.3
  //# The length of the Salt MUST be equal to the length of the digest
  //# algorithm.
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

// VerifyDigest hashes by itself, with the hash fetched before: libcrypto's own way from the message
// looks for it by name, and takes up to 5 us longer.
bool VerifyDigest(const Algorithms& algorithms, const SignatureSchemeInfo& scheme, EVP_PKEY* key,
                  std::span<const uint8_t> message, std::span<const uint8_t> signature) {
  const EVP_MD* const digest = algorithms.digest(scheme.scheme);
  std::array<uint8_t, EVP_MAX_MD_SIZE> hash;
  unsigned int hash_len = 0;
  if (digest == nullptr ||
      EVP_Digest(message.data(), message.size(), hash.data(), &hash_len, digest, nullptr) != 1) {
    return false;
  }
  const OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_pkey(algorithms.library_context(), key, algorithms.property_query()));
  return context && EVP_PKEY_verify_init(context.get()) == 1 &&
         (!scheme.uses_pss ||
          (SetPss(context.get()) && EVP_PKEY_CTX_set_signature_md(context.get(), digest) == 1)) &&
         EVP_PKEY_verify(context.get(), signature.data(), signature.size(), hash.data(),
                         hash_len) == 1;
}

// VerifyMessage is for schemes that hash by themselves.
bool VerifyMessage(const Algorithms& algorithms, EVP_PKEY* key, std::span<const uint8_t> message,
                   std::span<const uint8_t> signature) {
  const OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  return context &&
         EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, algorithms.library_context(),
                                 algorithms.property_query(), key, nullptr) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

KeyType KeyTypeOf(const EVP_PKEY* key) {
  if (key == nullptr) return KeyType::kUnknown;
  if (EVP_PKEY_is_a(key, "EC")) return CurveOf(key);
  //= rfc8446#section-4.2.3
  //# If the public key is carried in an X.509 certificate, it MUST use the
  //# rsaEncryption OID [RFC5280].
  if (EVP_PKEY_is_a(key, "RSA")) return KeyType::kRsa;
  //= rfc8446#section-4.2.3
  //# If the public key is carried in an X.509 certificate, it MUST use the
  //# RSASSA-PSS OID [RFC5756].
  if (EVP_PKEY_is_a(key, "RSA-PSS")) return KeyType::kRsaPss;
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyType::kEd25519;
  if (EVP_PKEY_is_a(key, "ED448")) return KeyType::kEd448;
  if (EVP_PKEY_is_a(key, "ML-DSA-44")) return KeyType::kMlDsa44;
  if (EVP_PKEY_is_a(key, "ML-DSA-65")) return KeyType::kMlDsa65;
  if (EVP_PKEY_is_a(key, "ML-DSA-87")) return KeyType::kMlDsa87;
  return KeyType::kUnknown;
}

bool SamePublicKey(const EVP_PKEY* a, const EVP_PKEY* b) {
  return a != nullptr && b != nullptr && EVP_PKEY_eq(a, b) == 1;
}

std::vector<SignatureScheme> SchemesForKey(const EVP_PKEY* key) {
  const KeyType type = KeyTypeOf(key);
  std::vector<SignatureScheme> schemes;
  for (const SignatureSchemeInfo& scheme : SignatureSchemes()) {
    if (FitsKey(scheme, key, type)) schemes.push_back(scheme.scheme);
  }
  return schemes;
}

bool SchemeFitsKey(SignatureScheme scheme, const EVP_PKEY* key) {
  return SchemeFitsKey(scheme, key, KeyTypeOf(key));
}

bool SchemeFitsKey(SignatureScheme scheme, const EVP_PKEY* key, KeyType type) {
  const SignatureSchemeInfo* info = FindSignatureScheme(scheme);
  return info != nullptr && FitsKey(*info, key, type);
}

std::vector<uint8_t> BuildCertificateVerifyInput(bool is_server,
                                                 std::span<const uint8_t> transcript_hash) {
  constexpr size_t kNumSpaces = 64;
  const std::string_view context =
      is_server ? "TLS 1.3, server CertificateVerify" : "TLS 1.3, client CertificateVerify";
  std::vector<uint8_t> input(kNumSpaces + context.size() + 1 + transcript_hash.size());
  auto at = std::fill_n(input.begin(), kNumSpaces, ' ');
  at = std::copy(context.begin(), context.end(), at);
  *at++ = 0;
  std::copy(transcript_hash.begin(), transcript_hash.end(), at);
  return input;
}

bool VerifySignature(const Algorithms& algorithms, EVP_PKEY* key, SignatureScheme scheme,
                     std::span<const uint8_t> message, std::span<const uint8_t> signature) {
  return VerifySignature(algorithms, key, KeyTypeOf(key), scheme, message, signature);
}

bool VerifySignature(const Algorithms& algorithms, EVP_PKEY* key, KeyType type,
                     SignatureScheme scheme, std::span<const uint8_t> message,
                     std::span<const uint8_t> signature) {
  if (!SchemeFitsKey(scheme, key, type)) return false;
  const SignatureSchemeInfo& info = *FindSignatureScheme(scheme);
  return info.digest == nullptr ? VerifyMessage(algorithms, key, message, signature)
                                : VerifyDigest(algorithms, info, key, message, signature);
}

std::optional<std::vector<uint8_t>> SignMessage(const Algorithms& algorithms, EVP_PKEY* key,
                                                SignatureScheme scheme,
                                                std::span<const uint8_t> message) {
  if (!SchemeFitsKey(scheme, key)) return std::nullopt;
  const SignatureSchemeInfo& info = *FindSignatureScheme(scheme);
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (!context ||
      EVP_DigestSignInit_ex(context.get(), &key_context, info.digest, algorithms.library_context(),
                            algorithms.property_query(), key, nullptr) != 1 ||
      (info.uses_pss && !SetPss(key_context))) {
    return std::nullopt;
  }
  std::vector<uint8_t> signature(EVP_PKEY_get_size(key));
  size_t len = signature.size();
  if (EVP_DigestSign(context.get(), signature.data(), &len, message.data(), message.size()) != 1) {
    return std::nullopt;
  }
  signature.resize(len);
  return signature;
}

}  // namespace dtls13
