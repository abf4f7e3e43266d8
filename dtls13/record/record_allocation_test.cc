// SPDX-License-Identifier: Apache-2.0
// Sealing and opening allocate nothing, neither here nor in libcrypto, whatever arrives.
#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13 {
namespace {

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

uint64_t NumAllocations() { return bench::CountAllocations().num_allocations; }

constexpr Epoch kEpoch = kFirstApplicationEpoch;

TEST(RecordAllocation, CountsBothSources) {
  ASSERT_TRUE(g_counts_libcrypto);
  const uint64_t before = NumAllocations();
  RecordPair pair;
  pair.Install(kEpoch);
  EXPECT_GT(NumAllocations(), before);
  const uint64_t after = NumAllocations();
  OPENSSL_free(OPENSSL_malloc(1));
  EXPECT_EQ(NumAllocations(), after + 1);
}

TEST(RecordAllocation, SealAndOpenAllocateNothing) {
  std::vector<uint8_t> datagram(2000);
  const std::vector<uint8_t> content(1200);
  for (const CipherSuite& suite : kCipherSuites) {
    RecordPair pair(suite);
    pair.Install(kHandshakeEpoch);
    pair.Install(kEpoch);
    for (int i = 0; i < 1000; ++i) {
      const uint64_t before = NumAllocations();
      RecordNumber number;
      const size_t len = pair.sender.Seal(kEpoch, ContentType::kApplicationData, content,
                                          kEveryForm[i % 4], datagram, &number,
                                          /*padding_len=*/i % 2 * 500);
      std::span<uint8_t> rest = std::span(datagram).first(len);
      const bool opened = pair.receiver.OpenNext(&rest).has_value();
      ASSERT_EQ(NumAllocations(), before) << suite.name << " record " << i;
      ASSERT_TRUE(opened);
    }
  }
}

TEST(RecordAllocation, BatchesAllocateNothing) {
  constexpr size_t kNum = 16;
  std::vector<uint8_t> out(kNum * 1300);
  const std::vector<uint8_t> content(1200);
  const std::vector<std::span<const uint8_t>> contents(kNum, content);
  std::vector<std::span<uint8_t>> records(kNum);
  std::vector<std::optional<OpenedRecord>> opened(kNum);
  for (const CipherSuite& suite : kCipherSuites) {
    RecordPair pair(suite);
    pair.Install(kEpoch);
    const uint64_t before = NumAllocations();
    RecordNumber first;
    const size_t num_sealed = pair.sender.SealBatch(kEpoch, ContentType::kApplicationData, contents,
                                                    kLongForm, out, records, &first);
    pair.receiver.OpenBatch(records, opened);
    ASSERT_EQ(NumAllocations(), before) << suite.name;
    ASSERT_EQ(num_sealed, kNum);
    for (const auto& record : opened) ASSERT_TRUE(record.has_value());
  }
}

TEST(RecordAllocation, ConnectionIdsAllocateNothing) {
  std::vector<uint8_t> datagram(2000);
  const std::vector<uint8_t> content(1200);
  const std::vector<uint8_t> ids[] = {std::vector<uint8_t>(20, 1), std::vector<uint8_t>(20, 2)};
  RecordPair pair;
  pair.Install(kEpoch);
  pair.sender.SetSendConnectionId(std::vector<uint8_t>(8, 1));
  for (const auto& id : ids) ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(id));
  for (int i = 0; i < 100; ++i) {
    const uint64_t before = NumAllocations();
    pair.sender.SetSendConnectionId(ids[i % 2]);
    RecordNumber number;
    const size_t len = pair.sender.Seal(kEpoch, ContentType::kApplicationData, content,
                                        kEveryForm[i % 4], datagram, &number);
    std::span<uint8_t> rest = std::span(datagram).first(len);
    const bool opened = pair.receiver.OpenNext(&rest).has_value();
    ASSERT_EQ(NumAllocations(), before) << "record " << i;
    ASSERT_TRUE(opened);
  }
}

// An attacker chooses these paths, so they may cost no more than the honest one.
TEST(RecordAllocation, DroppingAllocatesNothing) {
  for (const CipherSuite& suite : kCipherSuites) {
    RecordPair pair(suite);
    pair.Install(kEpoch);
    std::vector<uint8_t> datagram(200);
    for (int i = 0; i < 1000; ++i) {
      RecordNumber number;
      const size_t len = pair.sender.Seal(kEpoch, ContentType::kApplicationData,
                                          std::vector<uint8_t>(100), kLongForm, datagram, &number);
      datagram[static_cast<size_t>(i) % len] ^= 0x80;
      std::span<uint8_t> rest = std::span(datagram).first(len);
      const uint64_t before = NumAllocations();
      const bool opened = pair.receiver.OpenNext(&rest).has_value();
      ASSERT_EQ(NumAllocations(), before) << suite.name << " record " << i;
      ASSERT_FALSE(opened);
    }
  }
}

}  // namespace
}  // namespace dtls13
