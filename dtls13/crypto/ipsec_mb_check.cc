// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/ipsec_mb_check.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {
namespace {

using Tag = std::array<uint8_t, kAeadTagLen>;

constexpr int kNumRecords = 1000;
// The first record has the longest content of a record's, the others have those of datagrams.
constexpr size_t kLongestLen = (1 << 14) + 1;
constexpr size_t kUsualLen = 2048;
constexpr size_t kMaxKeyLen = 32;
constexpr size_t kMaxHeaderLen = 64;

// D. McGrew and J. Viega, "The Galois/Counter Mode of Operation", appendix B: test case 2 and, with
// the long key, 14: one block of zeros under a key and a nonce of zeros.
constexpr std::array<uint8_t, 16> kZerosUnderAes128 = {
    0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2, 0xfe, 0x78};
constexpr Tag kTagUnderAes128 = {0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd,
                                 0xf5, 0x3a, 0x67, 0xb2, 0x12, 0x57, 0xbd, 0xdf};
constexpr std::array<uint8_t, 16> kZerosUnderAes256 = {
    0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18};
constexpr Tag kTagUnderAes256 = {0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0,
                                 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};

// A layout of keys, or of what one message needs, that is longer than the room for it would be
// written over what follows.
bool FitsIntoItsRoom(const IpsecMbGcm& gcm) {
  struct Room {
    alignas(64) std::array<uint8_t, kIpsecMbKeyLen> key;
    std::array<uint8_t, kIpsecMbKeyLen> behind_key;
    alignas(16) std::array<uint8_t, kIpsecMbScratchLen> scratch;
    std::array<uint8_t, kIpsecMbKeyLen> behind_scratch;
  };
  const std::array<uint8_t, kMaxKeyLen> zeros{};
  return std::ranges::all_of(std::array<uint8_t, 2>{0x00, 0xff}, [&](uint8_t fill) {
    const auto room = std::make_unique<Room>();
    room->behind_key.fill(fill);
    room->behind_scratch.fill(fill);
    const auto is_filled = [fill](uint8_t byte) { return byte == fill; };
    gcm.prepare(zeros.data(), room->key.data());
    if (!std::ranges::all_of(room->behind_key, is_filled)) return false;
    // With a part of a block at its end.
    std::array<uint8_t, 100> text{};
    Tag tag;
    for (const IpsecMbGcm::Crypt crypt : {gcm.seal, gcm.open}) {
      crypt(room->key.data(), room->scratch.data(), text.data(), text.data(), text.size(),
            zeros.data(), zeros.data(), zeros.size(), tag.data(), tag.size());
    }
    return std::ranges::all_of(room->behind_scratch, is_filled);
  });
}

bool GivesTheKnownAnswer(const IpsecMbGcm& gcm) {
  const std::array<uint8_t, kMaxKeyLen> zeros{};
  std::array<uint8_t, 16> text{};
  Tag tag;
  const auto key = std::make_unique<IpsecMbKey>(gcm, std::span(zeros).first(gcm.key_len));
  key->Seal(std::span(zeros).first<kAeadIvLen>(), {}, text, tag);
  return gcm.key_len == 16 ? text == kZerosUnderAes128 && tag == kTagUnderAes128
                           : text == kZerosUnderAes256 && tag == kTagUnderAes256;
}

// RandomRecord is a key and what is sealed with it.
struct RandomRecord {
  std::array<uint8_t, kMaxKeyLen> key;
  std::array<uint8_t, kAeadIvLen> nonce;
  std::array<uint8_t, kMaxHeaderLen> header;
  std::array<uint8_t, 4> lens;
};

bool SealByLibcrypto(EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher, const RandomRecord& record,
                     std::span<const uint8_t> header, std::span<uint8_t> text, Tag* tag) {
  int len = 0;
  return EVP_EncryptInit_ex2(context, cipher, record.key.data(), record.nonce.data(), nullptr) ==
             1 &&
         EVP_EncryptUpdate(context, nullptr, &len, header.data(),
                           static_cast<int>(header.size())) == 1 &&
         EVP_EncryptUpdate(context, text.data(), &len, text.data(),
                           static_cast<int>(text.size())) == 1 &&
         EVP_EncryptFinal_ex(context, tag->data(), &len) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagLen, tag->data()) == 1;
}

// Agrees seals `text` by both, and opens what they agree on.
bool Agrees(const IpsecMbGcm& gcm, EVP_CIPHER_CTX* context, const EVP_CIPHER* cipher,
            const RandomRecord& record, std::span<const uint8_t> header,
            std::span<const uint8_t> text) {
  std::vector<uint8_t> expected(text.begin(), text.end());
  std::vector<uint8_t> sealed(text.begin(), text.end());
  Tag expected_tag, tag;
  if (!SealByLibcrypto(context, cipher, record, header, expected, &expected_tag)) return false;
  const auto key = std::make_unique<IpsecMbKey>(gcm, std::span(record.key).first(gcm.key_len));
  key->Seal(record.nonce, header, sealed, tag);
  if (sealed != expected || tag != expected_tag) return false;
  if (!key->Open(record.nonce, header, sealed, tag) || !std::ranges::equal(sealed, text)) {
    return false;
  }
  // One that opens whatever comes would pass until here.
  tag.back() ^= 1;
  return !key->Open(record.nonce, header, expected, tag);
}

}  // namespace

bool AnswersAsLibcrypto(const IpsecMbGcm& gcm, const EVP_CIPHER* cipher,
                        OSSL_LIB_CTX* library_context) {
  if (!FitsIntoItsRoom(gcm) || !GivesTheKnownAnswer(gcm)) return false;
  const OpenSslPtr<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
  std::vector<uint8_t> text(kLongestLen);
  if (!context || RAND_bytes_ex(library_context, text.data(), text.size(), 0) != 1) return false;
  for (int i = 0; i < kNumRecords; ++i) {
    RandomRecord record;
    if (RAND_bytes_ex(library_context, reinterpret_cast<unsigned char*>(&record), sizeof(record),
                      0) != 1) {
      return false;
    }
    const auto [low, high, header_len, offset] = record.lens;
    const size_t len = i == 0 ? kLongestLen : (low | high << 8) % (kUsualLen + 1);
    const size_t start = i == 0 ? 0 : offset;
    if (!Agrees(gcm, context.get(), cipher, record,
                std::span(record.header).first(header_len % (kMaxHeaderLen + 1)),
                std::span(text).subspan(start, len))) {
      return false;
    }
  }
  return true;
}

}  // namespace dtls13
