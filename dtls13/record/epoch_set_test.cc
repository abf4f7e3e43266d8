// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/epoch_set.h"

#include <gtest/gtest.h>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/record/record_test_util.h"

namespace dtls13 {
namespace {

bool InsertRead(EpochSet* set, uint64_t epoch) {
  const CipherSuite& suite = TestSuite();
  auto protection = RecordProtection::CreateOpener(*DefaultAlgorithms(), suite, kRfc9147Profile,
                                                   Epoch{epoch}, TestSecret(suite, {epoch}));
  return set->InsertRead(std::make_unique<ReadEpoch>(Epoch{epoch}, suite, *std::move(protection)));
}

bool InsertWrite(EpochSet* set, uint64_t epoch) {
  const CipherSuite& suite = TestSuite();
  auto protection = RecordProtection::CreateSealer(*DefaultAlgorithms(), suite, kRfc9147Profile,
                                                   Epoch{epoch}, TestSecret(suite, {epoch}));
  return set->InsertWrite(
      std::make_unique<WriteEpoch>(Epoch{epoch}, suite, *std::move(protection)));
}

bool HasRead(const EpochSet& set, uint64_t epoch) { return set.FindRead(Epoch{epoch}) != nullptr; }

//= rfc9147#section-4.2.1
//= type=test
//# Implementations MUST either abandon an association or rekey prior to
//# allowing the sequence number to wrap.
//= rfc8446#section-5.3
//= type=test
//# If a TLS implementation would need to wrap a sequence number, it MUST
//# either rekey (Section 4.6.3) or terminate the connection.
TEST(WriteNumbers, EachOnceUpToTheLimit) {
  WriteNumbers numbers(3);
  for (uint64_t expected = 0; expected < 3; ++expected) {
    EXPECT_EQ(numbers.Take(), SequenceNumber{expected});
  }
  EXPECT_EQ(numbers.Take(), std::nullopt);
  EXPECT_EQ(numbers.Take(), std::nullopt);
}

TEST(WriteNumbers, NearLimitFromSevenEighths) {
  WriteNumbers numbers(80);
  for (int i = 0; i < 70; ++i) {
    EXPECT_FALSE(numbers.NearLimit(/*jitter=*/0)) << i;
    ASSERT_TRUE(numbers.Take());
  }
  EXPECT_TRUE(numbers.NearLimit(/*jitter=*/0));
}

TEST(WriteNumbers, JitterBringsTheLimitNearerByUpToAnEighth) {
  for (const uint64_t limit : {uint64_t{80}, uint64_t{1} << 40, uint64_t{1} << 62}) {
    WriteNumbers numbers(limit);
    numbers.SkipTo({limit - limit / 4 - 1});
    EXPECT_FALSE(numbers.NearLimit(255));
    numbers.SkipTo({limit - limit / 8 - limit / 16});
    EXPECT_TRUE(numbers.NearLimit(255));
    EXPECT_FALSE(numbers.NearLimit(0));
  }
}

TEST(WriteNumbers, SkipsForwardOnly) {
  WriteNumbers numbers(100);
  numbers.SkipTo({10});
  EXPECT_EQ(numbers.Take(), SequenceNumber{10});
  numbers.SkipTo({5});
  EXPECT_EQ(numbers.Take(), SequenceNumber{11});
}

TEST(EpochSet, BeginsWithPlaintextAlone) {
  EpochSet set;
  EXPECT_TRUE(set.plaintext_read.is_open);
  EXPECT_TRUE(set.plaintext_write.is_open);
  EXPECT_EQ(set.highest_write(), kPlaintextEpoch);
  for (uint8_t bits = 0; bits < 4; ++bits) EXPECT_EQ(set.FindRead(EpochBits{bits}), nullptr);
}

TEST(EpochSet, PlaintextLastsTo2To48) {
  EpochSet set;
  set.plaintext_write.numbers.SkipTo({(uint64_t{1} << 48) - 1});
  EXPECT_EQ(set.plaintext_write.numbers.Take(), SequenceNumber{(uint64_t{1} << 48) - 1});
  EXPECT_EQ(set.plaintext_write.numbers.Take(), std::nullopt);
}

TEST(EpochSet, NoEpochTwice) {
  EpochSet set;
  EXPECT_FALSE(InsertRead(&set, 0));
  EXPECT_TRUE(InsertRead(&set, 2));
  EXPECT_FALSE(InsertRead(&set, 2));
  EXPECT_TRUE(InsertRead(&set, 3));
  EXPECT_FALSE(InsertRead(&set, 2));
  set.ForgetRead({3});
  EXPECT_FALSE(InsertRead(&set, 3));
  EXPECT_FALSE(InsertWrite(&set, 0));
  EXPECT_TRUE(InsertWrite(&set, 3));
  set.ForgetWrite({3});
  EXPECT_FALSE(InsertWrite(&set, 3));
}

//= rfc9147#section-8
//= type=test
//# In
//# order to provide an extra margin of security, sending implementations
//# MUST NOT allow the epoch to exceed 2^48-1.
//= rfc9147#section-4.2.1
//= type=test
//# Implementations MUST NOT allow the epoch to wrap, but instead MUST
//# establish a new association, terminating the old association.
//= rfc9147#section-6.1
//= type=test
//# If a DTLS implementation would need to wrap the epoch value, it MUST
//# terminate the connection.
//= rfc9147#section-8
//= type=test
//# In order to allow this value to be changed later, receiving
//# implementations MUST NOT enforce this rule.
TEST(EpochSet, EpochsEndFirstForTheSender) {
  EpochSet set;
  const uint64_t last = (uint64_t{1} << 48) - 1;
  EXPECT_TRUE(InsertWrite(&set, last));
  EXPECT_FALSE(InsertWrite(&set, last + 1));
  EXPECT_TRUE(InsertRead(&set, last));
  EXPECT_TRUE(InsertRead(&set, last + 1));
  // Behind the last epoch of all there is none: its successor is refused.
  EXPECT_TRUE(InsertRead(&set, UINT64_MAX));
  EXPECT_FALSE(InsertRead(&set, Epoch{UINT64_MAX}.Next().value));
}

TEST(EpochSet, NewEpochIsCurrentOnlyOnceOpened) {
  EpochSet set;
  ASSERT_TRUE(InsertRead(&set, 2) && InsertRead(&set, 3));
  EXPECT_EQ(set.current_read(), kPlaintextEpoch);
  set.ReadOpened({2});
  EXPECT_EQ(set.current_read(), Epoch{2});
  set.ReadOpened({3});
  EXPECT_EQ(set.current_read(), Epoch{3});
  set.ReadOpened({2});
  EXPECT_EQ(set.current_read(), Epoch{3});
  EXPECT_TRUE(HasRead(set, 2));
}

//= rfc9147#section-4.2.1
//= type=test
//# Implementations SHOULD discard records from earlier epochs but MAY
//# choose to retain keying material from previous epochs for up to the
//# default MSL specified for TCP [RFC0793] to allow for packet reordering.
TEST(EpochSet, ThirdEpochForgetsTheFirst) {
  EpochSet set;
  ASSERT_TRUE(InsertRead(&set, 2) && InsertRead(&set, 3));
  set.ReadOpened({2});
  set.ReadOpened({3});
  ASSERT_TRUE(InsertRead(&set, 4));
  EXPECT_TRUE(HasRead(set, 2) && HasRead(set, 3) && HasRead(set, 4));
  set.ReadOpened({4});
  EXPECT_FALSE(HasRead(set, 2));
  EXPECT_TRUE(HasRead(set, 3) && HasRead(set, 4));
}

TEST(EpochSet, AnUnusedEarlierEpochOutlivesTheFirstRecordOfALaterOne) {
  EpochSet set;
  ASSERT_TRUE(InsertRead(&set, 2) && InsertRead(&set, 3));
  // The peer's Finished, under epoch 2, was overtaken by its data.
  set.ReadOpened({3});
  EXPECT_TRUE(HasRead(set, 2));
}

TEST(EpochSet, EqualBitsDisplaceTheOlderEpoch) {
  EpochSet set;
  ASSERT_TRUE(InsertRead(&set, 3) && InsertRead(&set, 7));
  EXPECT_FALSE(HasRead(set, 3));
  ASSERT_NE(set.FindRead(EpochBits{3}), nullptr);
  EXPECT_EQ(set.FindRead(EpochBits{3})->epoch, Epoch{7});
  set.ForgetRead({3});
  EXPECT_TRUE(HasRead(set, 7));
}

TEST(EpochSet, HighestWrite) {
  EpochSet set;
  ASSERT_TRUE(InsertWrite(&set, 2) && InsertWrite(&set, 3));
  EXPECT_EQ(set.highest_write(), Epoch{3});
  EXPECT_NE(set.FindWrite(Epoch{2}), nullptr);
  set.ForgetWrite({3});
  EXPECT_EQ(set.highest_write(), Epoch{2});
  set.ForgetWrite({6});
  EXPECT_NE(set.FindWrite(Epoch{2}), nullptr);
}

}  // namespace
}  // namespace dtls13
