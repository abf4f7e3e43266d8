// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace dtls13 {
namespace {

// EVP_CIPHER_CTX_ctrl would come here too, 6 to 10 ns later.
bool ReadTag(EVP_CIPHER_CTX* context, uint8_t* tag) {
  OSSL_PARAM params[] = {{OSSL_CIPHER_PARAM_AEAD_TAG, OSSL_PARAM_OCTET_STRING, tag, kAeadTagLen, 0},
                         OSSL_PARAM_END};
  return EVP_CIPHER_CTX_get_params(context, params) == 1;
}

}  // namespace

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
  Aead aead(iv);
  if (const IpsecMbGcm* gcm = algorithms.ipsec_mb(suite.id); gcm != nullptr) {
    aead.key_ = new IpsecMbKey(*gcm, key);
    aead.is_ipsec_mb_ = true;
    return aead;
  }
  aead.key_ = EVP_CIPHER_CTX_new();
  if (aead.key_ == nullptr ||
      EVP_CipherInit_ex2(aead.context(), cipher, key.data(), nullptr, seal ? 1 : 0, nullptr) != 1) {
    return std::nullopt;
  }
  return aead;
}

Aead::Aead(std::span<const uint8_t> iv) { std::copy(iv.begin(), iv.end(), iv_.begin()); }

Aead::Aead(Aead&& other) noexcept
    : key_(std::exchange(other.key_, nullptr)), iv_(other.iv_), is_ipsec_mb_(other.is_ipsec_mb_) {}

Aead& Aead::operator=(Aead&& other) noexcept {
  std::swap(key_, other.key_);
  std::swap(iv_, other.iv_);
  std::swap(is_ipsec_mb_, other.is_ipsec_mb_);
  return *this;
}

Aead::~Aead() {
  if (is_ipsec_mb_) {
    delete ipsec_mb_key();
  } else {
    EVP_CIPHER_CTX_free(context());
  }
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

// RFC 8446 section 5.3: the record number, padded on the left to the IV's length, xor the IV. It is
// the 64-bit sequence number alone; RFC 9147 section 4 keeps the epoch out of it. Eight bytes at
// once and not by value: stores narrower than the loads that follow stall, 10 ns of every record.
void Aead::MakeNonce(uint64_t sequence_number, Nonce* nonce) const {
  if constexpr (std::endian::native == std::endian::little) {
    sequence_number = __builtin_bswap64(sequence_number);
  }
  constexpr size_t kPrefixLen = kAeadIvLen - sizeof(sequence_number);
  uint64_t tail = 0;
  std::memcpy(&tail, iv_.data() + kPrefixLen, sizeof(tail));
  tail ^= sequence_number;
  std::memcpy(nonce->data(), iv_.data(), kPrefixLen);
  std::memcpy(nonce->data() + kPrefixLen, &tail, sizeof(tail));
}

bool Aead::Seal(uint64_t sequence_number, std::span<const uint8_t> aad, std::span<uint8_t> in_out,
                std::span<uint8_t, kAeadTagLen> tag) {
  Nonce nonce;
  MakeNonce(sequence_number, &nonce);
  if (is_ipsec_mb_) [[unlikely]] {
    ipsec_mb_key()->Seal(nonce, aad, in_out, tag);
    return true;
  }
  EVP_CIPHER_CTX* const context = this->context();
  int len = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_EncryptUpdate(context, in_out.data(), &len, in_out.data(),
                           static_cast<int>(in_out.size())) == 1 &&
         EVP_EncryptFinal_ex(context, tag.data(), &len) == 1 && ReadTag(context, tag.data());
}

bool Aead::SealCopy(uint64_t sequence_number, std::span<const uint8_t> aad,
                    std::span<const uint8_t> content, std::span<const uint8_t> trailer,
                    std::span<uint8_t> out) {
  if (out.size() != content.size() + trailer.size() + kAeadTagLen) return false;
  Nonce nonce;
  MakeNonce(sequence_number, &nonce);
  uint8_t* const trailer_out = out.data() + content.size();
  const std::span<uint8_t> text = out.first(content.size() + trailer.size());
  const bool is_in_place = content.data() == out.data();
  if (is_ipsec_mb_) [[unlikely]] {
    if (!is_in_place) std::copy(content.begin(), content.end(), out.begin());
    if (trailer.data() != trailer_out) std::copy(trailer.begin(), trailer.end(), trailer_out);
    ipsec_mb_key()->Seal(nonce, aad, text, out.last<kAeadTagLen>());
    return true;
  }
  EVP_CIPHER_CTX* const context = this->context();
  uint8_t* const tag = text.data() + text.size();
  int len = 0;
  if (EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) != 1 ||
      EVP_EncryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) != 1) {
    return false;
  }
  // A call for the trailer alone costs what copying this much does; content in place costs neither.
  constexpr size_t kMaxCopied = 512;
  if (is_in_place || content.size() <= kMaxCopied) {
    if (!is_in_place) std::copy(content.begin(), content.end(), out.begin());
    if (trailer.data() != trailer_out) std::copy(trailer.begin(), trailer.end(), trailer_out);
    if (EVP_EncryptUpdate(context, text.data(), &len, text.data(), static_cast<int>(text.size())) !=
        1) {
      return false;
    }
  } else if (EVP_EncryptUpdate(context, out.data(), &len, content.data(),
                               static_cast<int>(content.size())) != 1 ||
             EVP_EncryptUpdate(context, trailer_out, &len, trailer.data(),
                               static_cast<int>(trailer.size())) != 1) {
    return false;
  }
  return EVP_EncryptFinal_ex(context, tag, &len) == 1 && ReadTag(context, tag);
}

bool Aead::Open(uint64_t sequence_number, std::span<const uint8_t> aad,
                std::span<uint8_t> ciphertext_and_tag) {
  if (ciphertext_and_tag.size() < kAeadTagLen) return false;
  const std::span<uint8_t> text = ciphertext_and_tag.first(ciphertext_and_tag.size() - kAeadTagLen);
  uint8_t* const tag = text.data() + text.size();
  Nonce nonce;
  MakeNonce(sequence_number, &nonce);
  if (is_ipsec_mb_) [[unlikely]] {
    return ipsec_mb_key()->Open(nonce, aad, text, ciphertext_and_tag.last<kAeadTagLen>());
  }
  EVP_CIPHER_CTX* const context = this->context();
  int len = 0;
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagLen, tag) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1 &&
         EVP_DecryptUpdate(context, text.data(), &len, text.data(),
                           static_cast<int>(text.size())) == 1 &&
         EVP_DecryptFinal_ex(context, tag, &len) == 1;
}

}  // namespace dtls13
