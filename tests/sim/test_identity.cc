// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/test_identity.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <map>
#include <string>
#include <utility>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/signature.h"

namespace dtls13::sim {
namespace {

EVP_PKEY* GenerateKey(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return EVP_EC_gen("P-256");
    case KeyType::kEcdsaP384:
      return EVP_EC_gen("P-384");
    case KeyType::kRsa2048:
      return EVP_RSA_gen(2048);
    case KeyType::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

std::vector<uint8_t> SelfSigned(EVP_PKEY* key, KeyType type, size_t padding_len) {
  std::unique_ptr<X509, decltype(&X509_free)> cert(X509_new(), X509_free);
  X509_set_version(cert.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 365 * 86400);
  X509_NAME* name = X509_get_subject_name(cert.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("server.example"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), name);
  X509_set_pubkey(cert.get(), key);
  const auto add_extension = [&cert](int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert.get(), cert.get(), nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(cert.get(), extension, -1);
    X509_EXTENSION_free(extension);
  };
  add_extension(NID_subject_alt_name, "DNS:server.example");
  if (padding_len > 0) add_extension(NID_netscape_comment, std::string(padding_len, 'x'));
  X509_sign(cert.get(), key, type == KeyType::kEd25519 ? nullptr : EVP_sha256());
  std::vector<uint8_t> der(static_cast<size_t>(i2d_X509(cert.get(), nullptr)));
  unsigned char* out = der.data();
  i2d_X509(cert.get(), &out);
  return der;
}

}  // namespace

TestIdentity TestIdentity::Make(KeyType type, size_t padding_len) {
  TestIdentity identity;
  identity.key_ = std::shared_ptr<EVP_PKEY>(GenerateKey(type), EVP_PKEY_free);
  auto credential = std::make_shared<Credential>();
  credential->chain.push_back(SelfSigned(identity.key_.get(), type, padding_len));
  credential->schemes = SchemesForKey(identity.key_.get());
  identity.credential_ = std::move(credential);
  return identity;
}

TestIdentity TestIdentity::MakeChain(KeyType type, size_t num_certificates, size_t padding_len) {
  TestIdentity identity = Make(type, padding_len);
  auto credential = std::make_shared<Credential>(*identity.credential_);
  while (credential->chain.size() < num_certificates) {
    credential->chain.push_back(Make(type, padding_len).credential_->chain.front());
  }
  identity.credential_ = std::move(credential);
  return identity;
}

const TestIdentity& TestIdentity::Get(KeyType type) {
  static auto& identities = *new std::map<KeyType, TestIdentity>();
  auto found = identities.find(type);
  if (found == identities.end()) found = identities.emplace(type, Make(type, 0)).first;
  return found->second;
}

std::vector<uint8_t> TestIdentity::Sign(SignatureScheme scheme,
                                        std::span<const uint8_t> input) const {
  static const auto& algorithms =
      *new std::shared_ptr<const Algorithms>(Algorithms::Fetch(nullptr, nullptr));
  return SignMessage(*algorithms, key_.get(), scheme, input).value_or(std::vector<uint8_t>());
}

}  // namespace dtls13::sim
