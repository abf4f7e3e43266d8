// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/raw_cipher.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace dtls13::bench {
namespace {

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "raw EVP: %s\n", what);
  std::exit(1);
}

}  // namespace

RawCipher::RawCipher(const Algorithms& algorithms, const CipherSuite& suite,
                     const TrafficKeys& keys, bool seal)
    : seal_(seal), chacha_(suite.id == CipherSuiteId::kChaCha20Poly1305Sha256) {
  std::copy(keys.iv.bytes().begin(), keys.iv.bytes().end(), iv_.begin());
  aead_.reset(EVP_CIPHER_CTX_new());
  mask_.reset(EVP_CIPHER_CTX_new());
  if (EVP_CipherInit_ex2(aead_.get(), algorithms.aead_cipher(suite.id), keys.key.bytes().data(),
                         nullptr, seal, nullptr) != 1 ||
      EVP_EncryptInit_ex2(mask_.get(), algorithms.record_number_cipher(suite.id),
                          keys.sn_key.bytes().data(), nullptr, nullptr) != 1) {
    Die("EVP_CipherInit_ex2 failed");
  }
  EVP_CIPHER_CTX_set_padding(mask_.get(), 0);
}

void RawCipher::Run(uint64_t number, std::span<const uint8_t> aad, std::span<uint8_t> data,
                    uint8_t* tag) {
  std::array<uint8_t, 12> nonce = iv_;
  for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(number >> (8 * i));
  int len = 0;
  bool ok = EVP_CipherInit_ex2(aead_.get(), nullptr, nullptr, nonce.data(), -1, nullptr) == 1;
  if (!seal_) ok &= EVP_CIPHER_CTX_ctrl(aead_.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1;
  ok &= EVP_CipherUpdate(aead_.get(), nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1;
  ok &= EVP_CipherUpdate(aead_.get(), data.data(), &len, data.data(),
                         static_cast<int>(data.size())) == 1;
  ok &= EVP_CipherFinal_ex(aead_.get(), data.data(), &len) == 1;
  OSSL_PARAM params[] = {{OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, tag, 16, 0},
                         OSSL_PARAM_END};
  if (seal_) ok &= EVP_CIPHER_CTX_get_params(aead_.get(), params) == 1;
  if (!ok) Die("the AEAD failed");
  Mask(data.data());
}

void RawCipher::Mask(const uint8_t* sample) {
  std::array<uint8_t, 16> block{};
  int len = 0;
  bool ok = true;
  if (chacha_) {
    ok = EVP_EncryptInit_ex2(mask_.get(), nullptr, nullptr, sample, nullptr) == 1;
    ok &= EVP_EncryptUpdate(mask_.get(), block.data(), &len, block.data(), 2) == 1;
  } else {
    ok = EVP_EncryptUpdate(mask_.get(), block.data(), &len, sample, 16) == 1;
  }
  if (!ok) Die("the mask failed");
}

}  // namespace dtls13::bench
