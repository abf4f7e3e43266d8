// SPDX-License-Identifier: Apache-2.0
// Once a record cipher has its key, a record allocates nothing, a forged one's error apart.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string>

#include "provider/provider_test_util.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::provider {
namespace {

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

class RecordCipherAllocation : public ::testing::TestWithParam<const char*> {};

TEST_P(RecordCipherAllocation, NoneFromTheFirstRecordOn) {
  ASSERT_TRUE(g_counts_libcrypto);
  LibraryContext context;
  RecordCipherContext sealer(context.get(), GetParam()), opener(context.get(), GetParam());
  const Bytes key(EVP_CIPHER_CTX_get_key_length(sealer.get()), 1), iv(12, 2);
  ASSERT_TRUE(sealer.Init(true, key, iv));
  ASSERT_TRUE(opener.Init(false, key, iv));
  const Bytes fresh = NewRecord(0x2f, 1200);
  Bytes record = fresh;
  const int len = static_cast<int>(fresh.size());
  const uint64_t before = bench::CountAllocations().num_allocations;
  for (int i = 0; i < 100; ++i) {
    std::copy(fresh.begin(), fresh.end(), record.begin());
    int num = 0;
    if (EVP_EncryptUpdate(sealer.get(), record.data(), &num, record.data(), len) != 1 ||
        EVP_DecryptUpdate(opener.get(), record.data(), &num, record.data(), len) != 1) {
      ADD_FAILURE() << TakeErrors();
      break;
    }
  }
  EXPECT_EQ(bench::CountAllocations().num_allocations, before);
  // The counter counts.
  EXPECT_EQ(Bytes(fresh), fresh);
  EXPECT_GT(bench::CountAllocations().num_allocations, before);
}

INSTANTIATE_TEST_SUITE_P(Every, RecordCipherAllocation,
                         ::testing::Values("DTLS13-AES-128-GCM", "DTLS13-AES-256-GCM",
                                           "DTLS13-CHACHA20-POLY1305"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace dtls13::provider
