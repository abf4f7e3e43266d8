#include "dtls13/crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

namespace dtls13 {

std::optional<Aead> Aead::CreateSealer(const Algorithms& algorithms, const CipherSuite& suite,
                                       std::span<const uint8_t> key, std::span<const uint8_t> iv) {
  return Create(algorithms, suite, key, iv, /*seal=*/true);
}

std::optional<Aead> Aead::CreateOpener(const Algorithms& algorithms, const CipherSuite& suite,
                                       std::span<const uint8_t> key, std::span<const uint8_t> iv) {
  return Create(algorithms, suite, key, iv, /*seal=*/false);
}

std::optional<Aead> Aead::Create(const Algorithms& algorithms, const CipherSuite& suite,
                                 std::span<const uint8_t> key, std::span<const uint8_t> iv,
                                 bool seal) {
  const EVP_CIPHER* cipher = algorithms.aead_cipher(suite.id);
  if (cipher == nullptr || key.size() != suite.key_len || iv.size() != kAeadIvLen) {
    return std::nullopt;
  }
  OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  if (!context ||
      EVP_CipherInit_ex2(context.get(), cipher, key.data(), nullptr, seal ? 1 : 0, nullptr) != 1) {
    return std::nullopt;
  }
  return Aead(std::move(context), iv);
}

Aead::Aead(OpenSslPtr<EVP_CIPHER_CTX> context, std::span<const uint8_t> iv)
    : context_(std::move(context)) {
  std::copy(iv.begin(), iv.end(), iv_.begin());
}

Aead::~Aead() { OPENSSL_cleanse(iv_.data(), iv_.size()); }

// RFC 8446 section 5.3: the record number, padded on the left to the IV's length, xor the IV. It is
// the 64-bit sequence number alone; RFC 9147 section 4 keeps the epoch out of it.
Aead::Nonce Aead::MakeNonce(uint64_t sequence_number) const {
  Nonce nonce = iv_;
  for (size_t i = 0; i < sizeof(sequence_number); ++i) {
    nonce[kAeadIvLen - 1 - i] ^= static_cast<uint8_t>(sequence_number >> (8 * i));
  }
  return nonce;
}

bool Aead::Seal(uint64_t sequence_number, std::span<const uint8_t> aad, std::span<uint8_t> in_out,
                std::span<uint8_t, kAeadTagLen> tag) {
  const Nonce nonce = MakeNonce(sequence_number);
  EVP_CIPHER_CTX* const context = context_.get();
  int len = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_EncryptUpdate(context, in_out.data(), &len, in_out.data(),
                           static_cast<int>(in_out.size())) == 1 &&
         EVP_EncryptFinal_ex(context, tag.data(), &len) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagLen, tag.data()) == 1;
}

bool Aead::SealCopy(uint64_t sequence_number, std::span<const uint8_t> aad,
                    std::span<const uint8_t> content, std::span<const uint8_t> trailer,
                    std::span<uint8_t> out) {
  if (out.size() != content.size() + trailer.size() + kAeadTagLen) return false;
  const Nonce nonce = MakeNonce(sequence_number);
  EVP_CIPHER_CTX* const context = context_.get();
  uint8_t* const trailer_out = out.data() + content.size();
  uint8_t* const tag = trailer_out + trailer.size();
  int len = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1 &&
         (content.empty() || EVP_EncryptUpdate(context, out.data(), &len, content.data(),
                                               static_cast<int>(content.size())) == 1) &&
         EVP_EncryptUpdate(context, trailer_out, &len, trailer.data(),
                           static_cast<int>(trailer.size())) == 1 &&
         EVP_EncryptFinal_ex(context, tag, &len) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagLen, tag) == 1;
}

bool Aead::Open(uint64_t sequence_number, std::span<const uint8_t> aad,
                std::span<uint8_t> ciphertext_and_tag) {
  if (ciphertext_and_tag.size() < kAeadTagLen) return false;
  const std::span<uint8_t> text = ciphertext_and_tag.first(ciphertext_and_tag.size() - kAeadTagLen);
  uint8_t* const tag = text.data() + text.size();
  const Nonce nonce = MakeNonce(sequence_number);
  EVP_CIPHER_CTX* const context = context_.get();
  int len = 0;
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagLen, tag) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_DecryptUpdate(context, text.data(), &len, text.data(),
                           static_cast<int>(text.size())) == 1 &&
         EVP_DecryptFinal_ex(context, tag, &len) == 1;
}

}  // namespace dtls13
