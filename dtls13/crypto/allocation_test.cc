// SPDX-License-Identifier: Apache-2.0
// The record path's promise: once keys are installed, no call allocates.

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/record_number_cipher.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13 {
namespace {

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

uint64_t NumAllocations() { return bench::CountAllocations().num_allocations; }

constexpr size_t kContentLen = 1200;

class AllocationTest : public testing::TestWithParam<CipherSuite> {
 protected:
  AllocationTest()
      : key_(GetParam().key_len, 1),
        iv_(GetParam().iv_len, 2),
        content_(kContentLen, 3),
        record_(kContentLen + 1 + kAeadTagLen),
        sealer_(Aead::CreateSealer(*DefaultAlgorithms(), GetParam(), key_, iv_)),
        opener_(Aead::CreateOpener(*DefaultAlgorithms(), GetParam(), key_, iv_)),
        mask_(RecordNumberCipher::Create(*DefaultAlgorithms(), GetParam(), key_)) {}

  bool SealAndOpen(uint64_t number) {
    const std::array<uint8_t, 5> header{0x2e, 0, 0, 4, 0xc1};
    const std::array<uint8_t, 1> type{23};
    const auto text = std::span(record_).first(kContentLen + 1);
    std::array<uint8_t, kRecordNumberMaskLen> mask;
    return sealer_->SealCopy(number, header, content_, type, record_) &&
           mask_->Mask(std::span(record_).first<kRecordNumberSampleLen>(), mask) &&
           opener_->Open(number, header, record_) &&
           sealer_->Seal(number + 1, header, text, std::span(record_).last<kAeadTagLen>()) &&
           opener_->Open(number + 1, header, record_);
  }

  const std::vector<uint8_t> key_;
  const std::vector<uint8_t> iv_;
  const std::vector<uint8_t> content_;
  std::vector<uint8_t> record_;
  std::optional<Aead> sealer_;
  std::optional<Aead> opener_;
  std::optional<RecordNumberCipher> mask_;
};

TEST_P(AllocationTest, NoneFromTheFirstRecordOn) {
  ASSERT_TRUE(sealer_ && opener_ && mask_);
  const uint64_t before = NumAllocations();
  bool all = true;
  for (uint64_t number = 0; number < 200; number += 2) all = all && SealAndOpen(number);
  const uint64_t after = NumAllocations();
  EXPECT_TRUE(all);
  EXPECT_EQ(after, before);
}

TEST_P(AllocationTest, NoneForForgedRecords) {
  ASSERT_TRUE(opener_);
  const uint64_t before = NumAllocations();
  bool any = false;
  for (uint64_t number = 0; number < 100; ++number) any = any || opener_->Open(number, {}, record_);
  const uint64_t after = NumAllocations();
  EXPECT_FALSE(any);
  EXPECT_EQ(after, before);
  ERR_clear_error();
}

INSTANTIATE_TEST_SUITE_P(All, AllocationTest, testing::ValuesIn(kCipherSuites),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(AllocationHookTest, SeesLibcryptosAllocations) {
  ASSERT_TRUE(g_counts_libcrypto);
  const uint64_t before = NumAllocations();
  OPENSSL_free(OPENSSL_malloc(1));
  EXPECT_EQ(NumAllocations() - before, 1u);
}

}  // namespace
}  // namespace dtls13
