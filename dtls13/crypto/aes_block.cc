// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/aes_block.h"

#include <openssl/evp.h>

#include <utility>

namespace dtls13 {
namespace {

OpenSslPtr<EVP_CIPHER_CTX> MakeContext(const EVP_CIPHER* cipher, const uint8_t* key,
                                       bool encrypts) {
  OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  if (context &&
      (EVP_CipherInit_ex2(context.get(), cipher, key, nullptr, encrypts ? 1 : 0, nullptr) != 1 ||
       EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1)) {
    context.reset();
  }
  return context;
}

bool Update(EVP_CIPHER_CTX* context, std::span<uint8_t, kAesBlockLen> block) {
  int len = 0;
  return EVP_CipherUpdate(context, block.data(), &len, block.data(), kAesBlockLen) == 1 &&
         len == static_cast<int>(kAesBlockLen);
}

}  // namespace

AesBlock::AesBlock(OpenSslPtr<EVP_CIPHER_CTX> encryptor, OpenSslPtr<EVP_CIPHER_CTX> decryptor)
    : encryptor_(std::move(encryptor)), decryptor_(std::move(decryptor)) {}

std::optional<AesBlock> AesBlock::Create(const Algorithms& algorithms,
                                         std::span<const uint8_t, kAesBlockKeyLen> key) {
  // What hides the record numbers of this suite is AES-128-ECB.
  const EVP_CIPHER* const cipher = algorithms.record_number_cipher(CipherSuiteId::kAes128GcmSha256);
  if (cipher == nullptr) return std::nullopt;
  OpenSslPtr<EVP_CIPHER_CTX> encryptor = MakeContext(cipher, key.data(), true);
  OpenSslPtr<EVP_CIPHER_CTX> decryptor = MakeContext(cipher, key.data(), false);
  if (!encryptor || !decryptor) return std::nullopt;
  return AesBlock(std::move(encryptor), std::move(decryptor));
}

bool AesBlock::Encrypt(std::span<uint8_t, kAesBlockLen> block) const {
  return Update(encryptor_.get(), block);
}

bool AesBlock::Decrypt(std::span<uint8_t, kAesBlockLen> block) const {
  return Update(decryptor_.get(), block);
}

}  // namespace dtls13
