// The record path's promise: once keys are installed, no call allocates. libcrypto allocates
// through functions that can be replaced before its first use, so this test has a main of its own.

#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <vector>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/record_number_cipher.h"

namespace {

std::atomic<uint64_t> num_allocations{0};

void* CountingMalloc(size_t len, const char* /*file*/, int /*line*/) {
  ++num_allocations;
  return std::malloc(len);
}
void* CountingRealloc(void* memory, size_t len, const char* /*file*/, int /*line*/) {
  ++num_allocations;
  return std::realloc(memory, len);
}
void CountingFree(void* memory, const char* /*file*/, int /*line*/) { std::free(memory); }

}  // namespace

// Ours count as libcrypto's do.
void* operator new(size_t len) {
  ++num_allocations;
  void* memory = std::malloc(len);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace dtls13 {
namespace {

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
  const uint64_t before = num_allocations;
  bool all = true;
  for (uint64_t number = 0; number < 200; number += 2) all = all && SealAndOpen(number);
  const uint64_t after = num_allocations;
  EXPECT_TRUE(all);
  EXPECT_EQ(after, before);
}

TEST_P(AllocationTest, NoneForForgedRecords) {
  ASSERT_TRUE(opener_);
  const uint64_t before = num_allocations;
  bool any = false;
  for (uint64_t number = 0; number < 100; ++number) any = any || opener_->Open(number, {}, record_);
  const uint64_t after = num_allocations;
  EXPECT_FALSE(any);
  EXPECT_EQ(after, before);
  ERR_clear_error();
}

INSTANTIATE_TEST_SUITE_P(All, AllocationTest, testing::ValuesIn(kCipherSuites),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(AllocationHookTest, SeesLibcryptosAllocations) {
  const uint64_t before = num_allocations;
  OPENSSL_free(OPENSSL_malloc(1));
  EXPECT_EQ(num_allocations - before, 1u);
}

}  // namespace
}  // namespace dtls13

int main(int argc, char** argv) {
  if (CRYPTO_set_mem_functions(CountingMalloc, CountingRealloc, CountingFree) != 1) return 1;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
