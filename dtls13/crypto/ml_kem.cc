// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/ml_kem.h"

#include <openssl/evp.h>

namespace dtls13 {
namespace {

OpenSslPtr<EVP_PKEY_CTX> ContextOf(const Algorithms& algorithms, EVP_PKEY* key) {
  return OpenSslPtr<EVP_PKEY_CTX>(
      EVP_PKEY_CTX_new_from_pkey(algorithms.library_context(), key, algorithms.property_query()));
}

}  // namespace

OpenSslPtr<EVP_PKEY> GenerateMlKemKey(const Algorithms& algorithms, const MlKem& parameters) {
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(
      algorithms.library_context(), parameters.name, algorithms.property_query()));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_keygen_init(context.get()) != 1 ||
      EVP_PKEY_generate(context.get(), &key) != 1) {
    return nullptr;
  }
  return OpenSslPtr<EVP_PKEY>(key);
}

bool WriteMlKemEncapsulationKey(EVP_PKEY* key, std::span<uint8_t> out) {
  size_t len = out.size();
  return EVP_PKEY_get_raw_public_key(key, out.data(), &len) == 1 && len == out.size();
}

OpenSslPtr<EVP_PKEY> ReadMlKemEncapsulationKey(const Algorithms& algorithms,
                                               const MlKem& parameters,
                                               std::span<const uint8_t> encoded) {
  if (encoded.size() != parameters.encapsulation_key_len) return nullptr;
  return OpenSslPtr<EVP_PKEY>(
      EVP_PKEY_new_raw_public_key_ex(algorithms.library_context(), parameters.name,
                                     algorithms.property_query(), encoded.data(), encoded.size()));
}

bool EncapsulateMlKem(const Algorithms& algorithms, EVP_PKEY* peer, std::span<uint8_t> ciphertext,
                      std::span<uint8_t> secret) {
  const OpenSslPtr<EVP_PKEY_CTX> context = ContextOf(algorithms, peer);
  size_t ciphertext_len = ciphertext.size();
  size_t secret_len = secret.size();
  return context && EVP_PKEY_encapsulate_init(context.get(), nullptr) == 1 &&
         EVP_PKEY_encapsulate(context.get(), ciphertext.data(), &ciphertext_len, secret.data(),
                              &secret_len) == 1 &&
         ciphertext_len == ciphertext.size() && secret_len == secret.size();
}

bool DecapsulateMlKem(const Algorithms& algorithms, EVP_PKEY* key,
                      std::span<const uint8_t> ciphertext, std::span<uint8_t> secret) {
  const OpenSslPtr<EVP_PKEY_CTX> context = ContextOf(algorithms, key);
  size_t len = secret.size();
  return context && EVP_PKEY_decapsulate_init(context.get(), nullptr) == 1 &&
         EVP_PKEY_decapsulate(context.get(), secret.data(), &len, ciphertext.data(),
                              ciphertext.size()) == 1 &&
         len == secret.size();
}

}  // namespace dtls13
