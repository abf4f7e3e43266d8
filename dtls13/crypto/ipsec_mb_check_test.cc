// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/ipsec_mb_check.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

// What the functions under test call, and in which call of theirs they do wrong.
IpsecMbGcm g_true;
int g_calls_left = 0;

void SealWrongOnce(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                   uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                   uint8_t* tag, uint64_t tag_len) {
  g_true.seal(prepared, scratch, out, in, len, nonce, aad, aad_len, tag, tag_len);
  if (g_calls_left-- == 0) (len > 0 ? out[len - 1] : tag[0]) ^= 1;
}

void TagWrongOnce(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                  uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                  uint8_t* tag, uint64_t tag_len) {
  g_true.seal(prepared, scratch, out, in, len, nonce, aad, aad_len, tag, tag_len);
  if (g_calls_left-- == 0) tag[tag_len - 1] ^= 1;
}

void OpenWrongOnce(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                   uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                   uint8_t* tag, uint64_t tag_len) {
  g_true.open(prepared, scratch, out, in, len, nonce, aad, aad_len, tag, tag_len);
  if (g_calls_left-- == 0) (len > 0 ? out[0] : tag[0]) ^= 1;
}

void PrepareTooMuch(const void* key, void* prepared) {
  g_true.prepare(key, prepared);
  static_cast<uint8_t*>(prepared)[kIpsecMbKeyLen] = 0x55;
}

void SealWithMoreScratch(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                         uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                         uint8_t* tag, uint64_t tag_len) {
  g_true.seal(prepared, scratch, out, in, len, nonce, aad, aad_len, tag, tag_len);
  static_cast<uint8_t*>(scratch)[kIpsecMbScratchLen] = 0x55;
}

void OpenWithMoreScratch(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                         uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                         uint8_t* tag, uint64_t tag_len) {
  g_true.open(prepared, scratch, out, in, len, nonce, aad, aad_len, tag, tag_len);
  static_cast<uint8_t*>(scratch)[kIpsecMbScratchLen] = 0x55;
}

class IpsecMbCheckTest : public testing::TestWithParam<CipherSuiteId> {
 protected:
  void SetUp() override {
    const IpsecMb& installed = InstalledIpsecMb();
    if (installed.status != RecordCryptoStatus::kIpsecMb) {
      const char* required = std::getenv("DTLS13_REQUIRE_PEERS");
      ASSERT_TRUE(required == nullptr || std::strcmp(required, "1") != 0)
          << Describe(installed.status);
      GTEST_SKIP() << Describe(installed.status);
    }
    g_true = GetParam() == CipherSuiteId::kAes128GcmSha256 ? installed.aes128 : installed.aes256;
  }
  static bool Passes(const IpsecMbGcm& gcm) {
    return AnswersAsLibcrypto(gcm, DefaultAlgorithms()->aead_cipher(GetParam()), nullptr);
  }
};

TEST_P(IpsecMbCheckTest, TheTrueFunctionsPass) { EXPECT_TRUE(Passes(g_true)); }

TEST_P(IpsecMbCheckTest, OneWrongAnswerIsFoundWhereverItIs) {
  // The room is measured before, with two calls of each, whose answers are nobody's.
  constexpr int kForTheRoom = 2;
  for (int call : {0, 1, 500, 999}) {
    IpsecMbGcm wrong = g_true;
    wrong.seal = SealWrongOnce;
    g_calls_left = kForTheRoom + call;
    EXPECT_FALSE(Passes(wrong)) << "text sealed in call " << call;
    wrong.seal = TagWrongOnce;
    g_calls_left = kForTheRoom + call;
    EXPECT_FALSE(Passes(wrong)) << "tag of call " << call;
    wrong = g_true;
    wrong.open = OpenWrongOnce;
    // Every record is opened twice, and only the first time counts.
    g_calls_left = kForTheRoom + 2 * call;
    EXPECT_FALSE(Passes(wrong)) << "text opened in call " << call;
  }
}

TEST_P(IpsecMbCheckTest, TheOtherKeyLengthIsAnotherAnswer) {
  const bool is_128 = GetParam() == CipherSuiteId::kAes128GcmSha256;
  IpsecMbGcm wrong = is_128 ? InstalledIpsecMb().aes256 : InstalledIpsecMb().aes128;
  wrong.key_len = g_true.key_len;
  EXPECT_FALSE(Passes(wrong));
}

TEST_P(IpsecMbCheckTest, AKeyThatNeedsMoreRoomIsFound) {
  IpsecMbGcm wrong = g_true;
  wrong.prepare = PrepareTooMuch;
  EXPECT_FALSE(Passes(wrong));
}

TEST_P(IpsecMbCheckTest, AMessageThatNeedsMoreRoomIsFound) {
  IpsecMbGcm wrong = g_true;
  wrong.seal = SealWithMoreScratch;
  EXPECT_FALSE(Passes(wrong));
  wrong = g_true;
  wrong.open = OpenWithMoreScratch;
  EXPECT_FALSE(Passes(wrong));
}

INSTANTIATE_TEST_SUITE_P(All, IpsecMbCheckTest,
                         testing::Values(CipherSuiteId::kAes128GcmSha256,
                                         CipherSuiteId::kAes256GcmSha384),
                         [](const auto& info) {
                           return std::string(FindCipherSuite(info.param)->name);
                         });

}  // namespace
}  // namespace dtls13
