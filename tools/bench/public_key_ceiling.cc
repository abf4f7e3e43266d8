// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/public_key_ceiling.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace dtls13::bench {
namespace {

// As long as what a CertificateVerify signs with SHA-384.
constexpr std::array<uint8_t, 146> kSigned = {0x20};

void Check(bool done, const char* what) {
  if (done) return;
  std::fprintf(stderr, "ceiling: %s failed\n", what);
  std::exit(1);
}

OpenSslPtr<EVP_PKEY_CTX> GenerationContext(const char* type, const char* curve) {
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  Check(context && EVP_PKEY_keygen_init(context.get()) == 1 &&
            (curve == nullptr || EVP_PKEY_CTX_set_group_name(context.get(), curve) == 1),
        "a context to make keys");
  return context;
}

OpenSslPtr<EVP_PKEY> Generate(EVP_PKEY_CTX* context) {
  EVP_PKEY* key = nullptr;
  Check(EVP_PKEY_generate(context, &key) == 1, "making a key");
  return OpenSslPtr<EVP_PKEY>(key);
}

EVP_PKEY* NewSigner(sim::KeyType type) {
  switch (type) {
    case sim::KeyType::kEcdsaP256:
      return EVP_EC_gen("P-256");
    case sim::KeyType::kEcdsaP384:
      return EVP_EC_gen("P-384");
    case sim::KeyType::kRsa2048:
      return EVP_RSA_gen(2048);
    case sim::KeyType::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

template <typename Init>
OpenSslPtr<EVP_MD_CTX> SigningContext(sim::KeyType type, EVP_PKEY* key, Init init) {
  OpenSslPtr<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  const char* const digest = type == sim::KeyType::kEd25519     ? nullptr
                             : type == sim::KeyType::kEcdsaP384 ? "SHA2-384"
                                                                : "SHA2-256";
  Check(context && init(context.get(), &key_context, digest, nullptr, nullptr, key, nullptr) == 1,
        "a context to sign");
  if (type == sim::KeyType::kRsa2048) {
    Check(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1,
          "PSS");
  }
  return context;
}

}  // namespace

PublicKeyCeiling::PublicKeyCeiling(NamedGroup group, std::optional<sim::KeyType> signer) {
  const NamedGroupInfo& info = *FindNamedGroup(group);
  generate_ = GenerationContext(info.key_type, info.curve);
  if (info.ml_kem != nullptr) generate_ml_kem_ = GenerationContext(info.ml_kem->name, nullptr);
  if (!signer) return;
  Signing& signing = signing_.emplace();
  signing.key.reset(NewSigner(*signer));
  signing.sign = SigningContext(*signer, signing.key.get(), EVP_DigestSignInit_ex);
  signing.verify = SigningContext(*signer, signing.key.get(), EVP_DigestVerifyInit_ex);
  signing.signature.resize(static_cast<size_t>(EVP_PKEY_get_size(signing.key.get())));
}

void PublicKeyCeiling::Run() {
  const OpenSslPtr<EVP_PKEY> client = Generate(generate_.get());
  const OpenSslPtr<EVP_PKEY> server = Generate(generate_.get());
  Derive(client.get(), server.get());
  Derive(server.get(), client.get());
  if (generate_ml_kem_) Encapsulate();
  if (signing_) Sign();
}

void PublicKeyCeiling::Derive(EVP_PKEY* key, EVP_PKEY* peer) {
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  std::array<uint8_t, 128> secret;
  size_t len = secret.size();
  Check(context && EVP_PKEY_derive_init(context.get()) == 1 &&
            EVP_PKEY_derive_set_peer_ex(context.get(), peer, 0) == 1 &&
            EVP_PKEY_derive(context.get(), secret.data(), &len) == 1,
        "deriving");
}

void PublicKeyCeiling::Encapsulate() {
  const OpenSslPtr<EVP_PKEY> key = Generate(generate_ml_kem_.get());
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  std::array<uint8_t, kMlKem1024.ciphertext_len> ciphertext;
  std::array<uint8_t, kMlKemSecretLen> secret;
  size_t ciphertext_len = ciphertext.size();
  size_t secret_len = secret.size();
  Check(context && EVP_PKEY_encapsulate_init(context.get(), nullptr) == 1 &&
            EVP_PKEY_encapsulate(context.get(), ciphertext.data(), &ciphertext_len, secret.data(),
                                 &secret_len) == 1 &&
            EVP_PKEY_decapsulate_init(context.get(), nullptr) == 1 &&
            EVP_PKEY_decapsulate(context.get(), secret.data(), &secret_len, ciphertext.data(),
                                 ciphertext_len) == 1,
        "encapsulating");
}

void PublicKeyCeiling::Sign() {
  Signing& signing = *signing_;
  size_t len = signing.signature.size();
  // New ones to copy into: libcrypto 3.5 does not survive a copy over a context that has signed.
  const OpenSslPtr<EVP_MD_CTX> sign(EVP_MD_CTX_new());
  const OpenSslPtr<EVP_MD_CTX> verify(EVP_MD_CTX_new());
  Check(sign && EVP_MD_CTX_copy_ex(sign.get(), signing.sign.get()) == 1 &&
            EVP_DigestSign(sign.get(), signing.signature.data(), &len, kSigned.data(),
                           kSigned.size()) == 1,
        "signing");
  Check(verify && EVP_MD_CTX_copy_ex(verify.get(), signing.verify.get()) == 1 &&
            EVP_DigestVerify(verify.get(), signing.signature.data(), len, kSigned.data(),
                             kSigned.size()) == 1,
        "verifying");
}

}  // namespace dtls13::bench
