// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

struct Vector {
  const char* name;
  CipherSuiteId suite;
  const char* key;
  const char* nonce;
  const char* aad;
  const char* plaintext;
  const char* ciphertext;
  const char* tag;
};

const Vector kVectors[] = {
    {"Gcm128Case4",  // McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B
     CipherSuiteId::kAes128GcmSha256, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"Gcm256Case16", CipherSuiteId::kAes256GcmSha384,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"Rfc8439Section282", CipherSuiteId::kChaCha20Poly1305Sha256,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
     "73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
     "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
     "637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
     "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
     "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
     "3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
};

class AeadVectorTest : public testing::TestWithParam<Vector> {
 protected:
  AeadVectorTest()
      : suite_(*FindCipherSuite(GetParam().suite)),
        key_(FromHex(GetParam().key)),
        nonce_(FromHex(GetParam().nonce)),
        aad_(FromHex(GetParam().aad)),
        plaintext_(FromHex(GetParam().plaintext)),
        sealed_(FromHex(std::string(GetParam().ciphertext) + GetParam().tag)) {}

  // The IV that makes `sequence_number` meet the vector's nonce, RFC 8446 section 5.3.
  std::vector<uint8_t> IvFor(uint64_t sequence_number) const {
    std::vector<uint8_t> iv = nonce_;
    for (size_t i = 0; i < 8; ++i)
      iv[4 + i] ^= static_cast<uint8_t>(sequence_number >> (56 - 8 * i));
    return iv;
  }
  Aead Sealer(uint64_t sequence_number) const {
    return *Aead::CreateSealer(*DefaultAlgorithms(), suite_, key_, IvFor(sequence_number));
  }
  Aead Opener(uint64_t sequence_number) const {
    return *Aead::CreateOpener(*DefaultAlgorithms(), suite_, key_, IvFor(sequence_number));
  }

  const CipherSuite& suite_;
  const std::vector<uint8_t> key_;
  const std::vector<uint8_t> nonce_;
  const std::vector<uint8_t> aad_;
  const std::vector<uint8_t> plaintext_;
  const std::vector<uint8_t> sealed_;
};

constexpr uint64_t kNumbers[] = {0, 1, 0x0123456789abcdef, ~uint64_t{0}};

TEST_P(AeadVectorTest, SealsInPlace) {
  for (uint64_t number : kNumbers) {
    Aead sealer = Sealer(number);
    std::vector<uint8_t> out = plaintext_;
    out.resize(sealed_.size());
    const auto text = std::span(out).first(plaintext_.size());
    ASSERT_TRUE(sealer.Seal(number, aad_, text, std::span(out).last<kAeadTagLen>()));
    EXPECT_EQ(ToHex(out), ToHex(sealed_)) << number;
  }
}

TEST_P(AeadVectorTest, SealCopyTakesTheTrailerFromElsewhere) {
  for (size_t trailer_len : {size_t{0}, size_t{1}, size_t{17}, plaintext_.size()}) {
    Aead sealer = Sealer(5);
    const auto all = std::span(plaintext_);
    std::vector<uint8_t> out(sealed_.size());
    ASSERT_TRUE(
        sealer.SealCopy(5, aad_, all.first(all.size() - trailer_len), all.last(trailer_len), out));
    EXPECT_EQ(ToHex(out), ToHex(sealed_)) << trailer_len;
  }
}

TEST_P(AeadVectorTest, SealCopyWorksInPlace) {
  Aead sealer = Sealer(5);
  std::vector<uint8_t> out = plaintext_;
  out.resize(sealed_.size());
  const std::vector<uint8_t> trailer = {plaintext_.back()};
  ASSERT_TRUE(sealer.SealCopy(5, aad_, std::span(out).first(plaintext_.size() - 1), trailer, out));
  EXPECT_EQ(ToHex(out), ToHex(sealed_));
}

TEST_P(AeadVectorTest, SealCopyRefusesAnotherLength) {
  Aead sealer = Sealer(5);
  for (int off : {-1, 1}) {
    std::vector<uint8_t> out(sealed_.size() + off);
    EXPECT_FALSE(sealer.SealCopy(5, aad_, plaintext_, {}, out));
  }
}

TEST_P(AeadVectorTest, Opens) {
  for (uint64_t number : kNumbers) {
    Aead opener = Opener(number);
    std::vector<uint8_t> record = sealed_;
    ASSERT_TRUE(opener.Open(number, aad_, record));
    EXPECT_TRUE(std::equal(plaintext_.begin(), plaintext_.end(), record.begin()));
  }
}

TEST_P(AeadVectorTest, AnyFlippedBitFailsAndTheOpenerGoesOn) {
  Aead opener = Opener(9);
  for (size_t i = 0; i < sealed_.size(); ++i) {
    std::vector<uint8_t> record = sealed_;
    record[i] ^= 1 << (i % 8);
    ASSERT_FALSE(opener.Open(9, aad_, record)) << i;
  }
  std::vector<uint8_t> record = sealed_;
  EXPECT_TRUE(opener.Open(9, aad_, record));
}

TEST_P(AeadVectorTest, AnotherHeaderOrNumberFails) {
  Aead opener = Opener(9);
  std::vector<uint8_t> record = sealed_;
  EXPECT_FALSE(opener.Open(9, std::span(aad_).first(aad_.size() - 1), record));
  record = sealed_;
  EXPECT_FALSE(opener.Open(10, aad_, record));
  // The epoch's and the number's upper halves count too.
  record = sealed_;
  EXPECT_FALSE(opener.Open(9 + (uint64_t{1} << 48), aad_, record));
}

TEST_P(AeadVectorTest, TooShortForATagFails) {
  Aead opener = Opener(0);
  std::vector<uint8_t> record(kAeadTagLen - 1);
  EXPECT_FALSE(opener.Open(0, aad_, record));
  EXPECT_FALSE(opener.Open(0, aad_, {}));
}

TEST_P(AeadVectorTest, NothingSealsAndOpens) {
  Aead sealer = Sealer(0);
  Aead opener = Opener(0);
  std::vector<uint8_t> record(kAeadTagLen);
  ASSERT_TRUE(sealer.SealCopy(3, {}, {}, {}, record));
  ASSERT_TRUE(opener.Open(3, {}, record));
  std::vector<uint8_t> tag(kAeadTagLen);
  ASSERT_TRUE(sealer.Seal(4, {}, {}, std::span(tag).first<kAeadTagLen>()));
  EXPECT_TRUE(opener.Open(4, {}, tag));
  EXPECT_FALSE(opener.Open(5, {}, tag));
}

TEST_P(AeadVectorTest, RefusesWrongLengths) {
  const auto algorithms = DefaultAlgorithms();
  const auto key = std::span(key_);
  const auto iv = std::span(nonce_);
  EXPECT_FALSE(Aead::CreateSealer(*algorithms, suite_, key.first(key.size() - 1), iv));
  EXPECT_FALSE(Aead::CreateSealer(*algorithms, suite_, key, iv.first(11)));
  EXPECT_FALSE(Aead::CreateOpener(*algorithms, suite_, {}, iv));
}

TEST_P(AeadVectorTest, SurvivesMoving) {
  Aead first = Sealer(1);
  Aead second = std::move(first);
  std::vector<uint8_t> out(sealed_.size());
  ASSERT_TRUE(second.SealCopy(1, aad_, plaintext_, {}, out));
  EXPECT_EQ(out, sealed_);
}

INSTANTIATE_TEST_SUITE_P(All, AeadVectorTest, testing::ValuesIn(kVectors),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(AeadTest, LargestRecordRoundTrips) {
  for (const CipherSuite& suite : kCipherSuites) {
    const std::vector<uint8_t> key(suite.key_len, 1);
    const std::vector<uint8_t> iv(suite.iv_len, 2);
    auto sealer = Aead::CreateSealer(*DefaultAlgorithms(), suite, key, iv);
    auto opener = Aead::CreateOpener(*DefaultAlgorithms(), suite, key, iv);
    ASSERT_TRUE(sealer && opener);
    const std::vector<uint8_t> content(1 << 14, 0x5a);
    const std::vector<uint8_t> type = {23};
    for (uint64_t number = 0; number < 3; ++number) {
      std::vector<uint8_t> record(content.size() + 1 + kAeadTagLen);
      ASSERT_TRUE(sealer->SealCopy(number, key, content, type, record));
      ASSERT_TRUE(opener->Open(number, key, record));
      EXPECT_TRUE(std::equal(content.begin(), content.end(), record.begin()));
      EXPECT_EQ(record[content.size()], 23);
    }
  }
}

}  // namespace
}  // namespace dtls13
