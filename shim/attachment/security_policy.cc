// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/security_policy.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>

#include "shim/libssl/real_libssl.h"
#include "shim/libssl/tls_names.h"

namespace dtls13::shim {
namespace {

// The strength in bits by libssl's reckoning; kUnknown for what the core does not implement.
constexpr int kUnknown = -1;

int BitsOf(NamedGroup group) {
  switch (group) {
    case NamedGroup::kSecp256r1:
    case NamedGroup::kX25519:
    case NamedGroup::kBrainpoolP256r1Tls13:
    case NamedGroup::kMlKem512:
      return 128;
    case NamedGroup::kSecp384r1:
    case NamedGroup::kX25519MlKem768:
    case NamedGroup::kSecp256r1MlKem768:
    case NamedGroup::kBrainpoolP384r1Tls13:
    case NamedGroup::kMlKem768:
      return 192;
    case NamedGroup::kX448:
      return 224;
    case NamedGroup::kSecp521r1:
    case NamedGroup::kBrainpoolP512r1Tls13:
    case NamedGroup::kSecp384r1MlKem1024:
    case NamedGroup::kMlKem1024:
      return 256;
    default:
      return kUnknown;
  }
}

int BitsOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kEcdsaSecp256r1Sha256:
    case SignatureScheme::kRsaPssRsaeSha256:
    case SignatureScheme::kRsaPssPssSha256:
    case SignatureScheme::kEd25519:
    case SignatureScheme::kEcdsaBrainpoolP256r1Tls13Sha256:
    case SignatureScheme::kMlDsa44:
      return 128;
    case SignatureScheme::kRsaPkcs1Sha384:
    case SignatureScheme::kEcdsaSecp384r1Sha384:
    case SignatureScheme::kRsaPssRsaeSha384:
    case SignatureScheme::kRsaPssPssSha384:
    case SignatureScheme::kEcdsaBrainpoolP384r1Tls13Sha384:
    case SignatureScheme::kMlDsa65:
      return 192;
    case SignatureScheme::kEd448:
      return 224;
    case SignatureScheme::kRsaPkcs1Sha512:
    case SignatureScheme::kEcdsaSecp521r1Sha512:
    case SignatureScheme::kRsaPssRsaeSha512:
    case SignatureScheme::kRsaPssPssSha512:
    case SignatureScheme::kEcdsaBrainpoolP512r1Tls13Sha512:
    case SignatureScheme::kMlDsa87:
      return 256;
    default:
      return kUnknown;
  }
}

bool Ask(SSL* ssl, int operation, int bits, int nid, void* other) {
  const auto callback = Real().SSL_get_security_callback(ssl);
  return callback == nullptr || callback(ssl, /*ctx=*/nullptr, operation, bits, nid, other,
                                         Real().SSL_get0_security_ex_data(ssl)) != 0;
}

std::array<unsigned char, 2> BytesOf(uint16_t code_point) {
  return {static_cast<unsigned char>(code_point >> 8), static_cast<unsigned char>(code_point)};
}

}  // namespace

bool IsAllowed(SSL* ssl, int operation, CipherSuiteId suite) {
  const auto bytes = BytesOf(static_cast<uint16_t>(suite));
  const SSL_CIPHER* cipher = Real().SSL_CIPHER_find(ssl, bytes.data());
  if (cipher == nullptr) return false;
  return Ask(ssl, operation, Real().SSL_CIPHER_get_bits(cipher, nullptr), 0,
             const_cast<SSL_CIPHER*>(cipher));
}

bool IsAllowed(SSL* ssl, int operation, NamedGroup group) {
  const int bits = BitsOf(group);
  if (bits == kUnknown) return false;
  const auto code_point = static_cast<uint16_t>(group);
  auto bytes = BytesOf(code_point);
  return Ask(ssl, operation, bits, GroupNid(code_point), bytes.data());
}

bool IsAllowed(SSL* ssl, int operation, SignatureScheme scheme) {
  const int bits = BitsOf(scheme);
  if (bits == kUnknown) return false;
  const auto code_point = static_cast<uint16_t>(scheme);
  const auto nids = FindSignatureNids(code_point);
  auto bytes = BytesOf(code_point);
  return Ask(ssl, operation, bits, nids ? nids->hash : NID_undef, bytes.data());
}

bool AreTicketsAllowed(SSL* ssl) { return Ask(ssl, SSL_SECOP_TICKET, 0, 0, nullptr); }

bool IsVersionAllowed(SSL* ssl, int version) {
  return Ask(ssl, SSL_SECOP_VERSION, 0, version, nullptr);
}

int RefuseOwnCertificate(SSL* ssl, X509* certificate, bool is_leaf) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  const int key_bits = key == nullptr ? -1 : EVP_PKEY_get_security_bits(key);
  if (!Ask(ssl, is_leaf ? SSL_SECOP_EE_KEY : SSL_SECOP_CA_KEY, key_bits, 0, certificate)) {
    return is_leaf ? SSL_R_EE_KEY_TOO_SMALL : SSL_R_CA_KEY_TOO_SMALL;
  }
  // Nobody goes by the signature of what has signed itself.
  if ((X509_get_extension_flags(certificate) & EXFLAG_SS) != 0) return 0;
  int hash = NID_undef, key_type = NID_undef, bits = -1;
  if (X509_get_signature_info(certificate, &hash, &key_type, &bits, nullptr) != 1) bits = -1;
  const int nid = hash != NID_undef ? hash : key_type;
  return Ask(ssl, SSL_SECOP_CA_MD, bits, nid, certificate) ? 0 : SSL_R_CA_MD_TOO_WEAK;
}

}  // namespace dtls13::shim
