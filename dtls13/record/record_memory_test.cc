// SPDX-License-Identifier: Apache-2.0
// A record layer that was written down at rest, and read again in the same process.
#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13 {
namespace {

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

constexpr Epoch kEpoch = kFirstApplicationEpoch;
constexpr uint64_t kMaxFailures = 5;

class RecordMemoryTest : public testing::TestWithParam<CipherSuiteId> {
 protected:
  RecordMemoryTest() : suite_(*FindCipherSuite(GetParam())) {
    for (RecordLayer* layer : {&sender_, &receiver_}) layer->KeepKeys();
    receiver_.LimitKeys(UINT64_MAX, kMaxFailures);
  }

  void Install(Epoch epoch) {
    const Secret secret = TestSecret(suite_, epoch);
    ASSERT_TRUE(sender_.InstallWriteKeys(epoch, suite_, secret));
    ASSERT_TRUE(receiver_.InstallReadKeys(epoch, suite_, secret));
  }
  Bytes Seal(std::string_view content) {
    return SealBytes(&sender_, sender_.write_epoch(), ContentType::kApplicationData,
                     ToBytes(content), kLongForm);
  }
  size_t NumOpened(const Bytes& datagram) { return OpenAll(&receiver_, datagram).size(); }

  static void GoThroughMemory(RecordLayer* layer, uint64_t max_failures = UINT64_MAX) {
    Bytes memory;
    ByteWriter writer(&memory);
    layer->WriteMemory(&writer);
    ASSERT_TRUE(writer.ok());
    RecordLayer restored(DefaultAlgorithms(), kRfc9147Profile);
    restored.KeepKeys();
    restored.LimitKeys(UINT64_MAX, max_failures);
    ByteReader reader(memory);
    ASSERT_TRUE(restored.ReadMemory(&reader));
    EXPECT_TRUE(reader.empty());
    *layer = std::move(restored);
  }
  void GoThroughMemory() {
    GoThroughMemory(&sender_);
    GoThroughMemory(&receiver_, kMaxFailures);
  }

  const CipherSuite& suite_;
  RecordLayer sender_{DefaultAlgorithms(), kRfc9147Profile};
  RecordLayer receiver_{DefaultAlgorithms(), kRfc9147Profile};
};

TEST_P(RecordMemoryTest, NumbersGoOnAndNoneIsTakenTwice) {
  Install(kEpoch);
  const Bytes first = Seal("first"), late = Seal("late");
  EXPECT_EQ(NumOpened(first), 1u);
  GoThroughMemory();
  EXPECT_EQ(NumOpened(first), 0u);
  EXPECT_EQ(receiver_.num_dropped(DropReason::kReplay), 1u);
  Bytes third = Seal("third");
  std::span<uint8_t> rest = third;
  const auto opened = receiver_.OpenNext(&rest);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->number, (RecordNumber{kEpoch, {2}}));
  EXPECT_EQ(NumOpened(late), 1u);
  GoThroughMemory();
  EXPECT_EQ(NumOpened(late), 0u);
  EXPECT_EQ(receiver_.num_dropped(DropReason::kReplay), 2u);
}

TEST_P(RecordMemoryTest, AnOlderEpochIsReadOnAndEndsWithTheOneAfterTheNext) {
  Install(kEpoch);
  const Bytes old = Seal("old");
  Install(kEpoch.Next());
  EXPECT_EQ(NumOpened(Seal("new")), 1u);
  GoThroughMemory();
  EXPECT_EQ(receiver_.current_read_epoch(), kEpoch.Next());
  EXPECT_EQ(receiver_.newest_read_epoch(), kEpoch.Next());
  EXPECT_EQ(sender_.write_epoch(), kEpoch.Next());
  EXPECT_EQ(NumOpened(old), 1u);
  Install(kEpoch.Next().Next());
  EXPECT_EQ(NumOpened(Seal("newest")), 1u);
  EXPECT_FALSE(receiver_.CanRead(kEpoch));
  EXPECT_TRUE(receiver_.CanRead(kEpoch.Next()));
}

// An epoch that is installed, and that the peer does not use yet, is not current.
TEST_P(RecordMemoryTest, WhatIsNotInUseYetIsNotCurrent) {
  Install(kEpoch);
  EXPECT_EQ(NumOpened(Seal("one")), 1u);
  ASSERT_TRUE(receiver_.InstallReadKeys(kEpoch.Next(), suite_, TestSecret(suite_, kEpoch.Next())));
  GoThroughMemory();
  EXPECT_EQ(receiver_.current_read_epoch(), kEpoch);
  EXPECT_EQ(receiver_.newest_read_epoch(), kEpoch.Next());
  EXPECT_EQ(NumOpened(Seal("two")), 1u);
}

//= rfc9147#section-4.5.3
//= type=test
//# Implementations MUST count the number of received packets that fail
//# authentication with each key.
TEST_P(RecordMemoryTest, FailuresAddUpToTheLimit) {
  Install(kEpoch);
  for (uint64_t i = 1; i <= kMaxFailures; ++i) {
    EXPECT_FALSE(receiver_.IntegrityLimitReached());
    Bytes forged = Seal("forged");
    forged.back() ^= 1;
    EXPECT_EQ(NumOpened(forged), 0u);
    GoThroughMemory();
    EXPECT_EQ(receiver_.num_dropped(DropReason::kAuthentication), i);
  }
  EXPECT_TRUE(receiver_.IntegrityLimitReached());
}

TEST_P(RecordMemoryTest, ConnectionIdsStay) {
  Install(kEpoch);
  const Bytes id(8, 1), other(8, 2), stranger(8, 3);
  ASSERT_TRUE(receiver_.AddReceiveConnectionId(id));
  ASSERT_TRUE(receiver_.AddReceiveConnectionId(other));
  sender_.SetSendConnectionId(other);
  GoThroughMemory();
  EXPECT_EQ(NumOpened(Seal("by another")), 1u);
  sender_.SetSendConnectionId(stranger);
  EXPECT_EQ(NumOpened(Seal("by none of ours")), 0u);
  EXPECT_EQ(receiver_.num_dropped(DropReason::kConnectionId), 1u);
}

TEST_P(RecordMemoryTest, PlaintextIsOver) {
  Install(kEpoch);
  GoThroughMemory();
  EXPECT_FALSE(receiver_.CanRead(kPlaintextEpoch));
  EXPECT_FALSE(sender_.CanWrite(kPlaintextEpoch));
}

// What keys cost is their cipher contexts, and those come back one by one.
TEST_P(RecordMemoryTest, NoCipherContextIsMadeBeforeItsFirstRecord) {
  Install(kEpoch);
  ASSERT_TRUE(sender_.InstallReadKeys(kEpoch, suite_, TestSecret(suite_, Epoch{99})));
  EXPECT_EQ(NumOpened(Seal("warm")), 1u);
  constexpr int64_t kMostBytes = 700;
  int64_t before = bench::CountAllocations().live_bytes;
  GoThroughMemory(&sender_);
  const int64_t cold = bench::CountAllocations().live_bytes;
  EXPECT_LT(cold, before - kMostBytes) << "its contexts went";
  Bytes forged(40);
  forged[0] = 0x28 | static_cast<uint8_t>(kEpoch.Next().value & 3);
  before = bench::CountAllocations().live_bytes;
  EXPECT_EQ(OpenAll(&sender_, forged).size(), 0u);
  EXPECT_EQ(bench::CountAllocations().live_bytes, before) << "of no epoch";
  EXPECT_FALSE(Seal("cold").empty());
  EXPECT_GT(bench::CountAllocations().live_bytes, before + kMostBytes);
  const uint64_t num_before = bench::CountAllocations().num_allocations;
  EXPECT_FALSE(Seal("warm").empty());
  EXPECT_LE(bench::CountAllocations().num_allocations - num_before, 4u) << "those of the test";
}

TEST_P(RecordMemoryTest, HalfAMemoryIsNone) {
  Install(kEpoch);
  Bytes memory;
  ByteWriter writer(&memory);
  receiver_.WriteMemory(&writer);
  for (size_t len = 0; len < memory.size(); ++len) {
    RecordLayer restored(DefaultAlgorithms(), kRfc9147Profile);
    ByteReader reader(std::span<const uint8_t>(memory).first(len));
    EXPECT_FALSE(restored.ReadMemory(&reader)) << len;
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, RecordMemoryTest,
                         testing::Values(CipherSuiteId::kAes128GcmSha256,
                                         CipherSuiteId::kAes256GcmSha384,
                                         CipherSuiteId::kChaCha20Poly1305Sha256),
                         [](const auto& info) { return FindCipherSuite(info.param)->name; });

}  // namespace
}  // namespace dtls13
