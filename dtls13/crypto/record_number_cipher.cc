// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/record_number_cipher.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace dtls13 {

RecordNumberCipher::RecordNumberCipher(OpenSslPtr<EVP_CIPHER_CTX> context, bool is_chacha)
    : context_(std::move(context)), is_chacha_(is_chacha) {}

std::optional<RecordNumberCipher> RecordNumberCipher::Create(const Algorithms& algorithms,
                                                             const CipherSuite& suite,
                                                             std::span<const uint8_t> sn_key) {
  const EVP_CIPHER* cipher = algorithms.record_number_cipher(suite.id);
  if (cipher == nullptr || sn_key.size() != suite.key_len) return std::nullopt;
  OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  if (!context ||
      EVP_EncryptInit_ex2(context.get(), cipher, sn_key.data(), nullptr, nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context.get(), 0) != 1) {
    return std::nullopt;
  }
  return RecordNumberCipher(std::move(context), suite.id == CipherSuiteId::kChaCha20Poly1305Sha256);
}

bool RecordNumberCipher::Mask(std::span<const uint8_t, kRecordNumberSampleLen> sample,
                              std::span<uint8_t, kRecordNumberMaskLen> mask) {
  std::array<uint8_t, kRecordNumberSampleLen> block{};
  int len = 0;
  if (is_chacha_) {
    // libcrypto's 16-byte IV is the block counter, little-endian, and the nonce: the sample as it
    // stands. The mask is the key stream, here over zeros.
    if (EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, sample.data(), nullptr) != 1 ||
        EVP_EncryptUpdate(context_.get(), block.data(), &len, block.data(), mask.size()) != 1) {
      return false;
    }
  } else if (EVP_EncryptUpdate(context_.get(), block.data(), &len, sample.data(), sample.size()) !=
             1) {
    return false;
  }
  mask[0] = block[0];
  mask[1] = block[1];
  return true;
}

bool RecordNumberCipher::MaskAll(std::span<uint8_t> blocks) {
  if (!is_chacha_) {
    int len = 0;
    return EVP_EncryptUpdate(context_.get(), blocks.data(), &len, blocks.data(),
                             static_cast<int>(blocks.size())) == 1;
  }
  // Each sample is another IV.
  for (; blocks.size() >= kRecordNumberSampleLen; blocks = blocks.subspan(kRecordNumberSampleLen)) {
    std::array<uint8_t, kRecordNumberMaskLen> mask;
    if (!Mask(blocks.first<kRecordNumberSampleLen>(), mask)) return false;
    blocks[0] = mask[0];
    blocks[1] = mask[1];
  }
  return true;
}

}  // namespace dtls13
