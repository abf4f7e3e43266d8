// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/sent_record_log.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using Refs = std::vector<FragmentRef>;

RecordNumber Number(uint64_t epoch, uint64_t sequence_number) {
  return {.epoch = {epoch}, .sequence_number = {sequence_number}};
}

Refs Found(const SentRecordLog& log, RecordNumber number) {
  const auto refs = log.Find(number);
  return Refs(refs.begin(), refs.end());
}

TEST(SentRecordLog, FindsWhatARecordCarried) {
  SentRecordLog log;
  const Refs one = {{0, 0, 100}};
  const Refs three = {{1, 0, 40}, {2, 0, 0}, {3, 0, 500}};
  log.Record(Number(0, 0), one, Instant());
  log.Record(Number(2, 0), three, Instant());
  //= rfc9147#section-7.2
  //= type=test
  //# Note that this requires
  //# implementations to track which messages appear in which records.
  EXPECT_EQ(Found(log, Number(0, 0)), one);
  EXPECT_EQ(Found(log, Number(2, 0)), three);
  EXPECT_EQ(log.num_records(), 2u);
}

// F9: numbers that were never ours, in any epoch, mean nothing.
TEST(SentRecordLog, F9UnknownRecordsAreEmpty) {
  SentRecordLog log;
  EXPECT_TRUE(log.Find(Number(0, 0)).empty());
  log.Record(Number(2, 7), Refs{{0, 0, 1}}, Instant());
  EXPECT_TRUE(log.Find(Number(2, 6)).empty());
  EXPECT_TRUE(log.Find(Number(2, 8)).empty());
  EXPECT_TRUE(log.Find(Number(0, 7)).empty());
  EXPECT_TRUE(log.Find(Number(3, 7)).empty());
  EXPECT_TRUE(log.Find(Number(UINT64_MAX, UINT64_MAX)).empty());
  // An epoch that equals ours only when cut to 16 or 32 bits.
  EXPECT_TRUE(log.Find(Number((uint64_t{1} << 16) + 2, 7)).empty());
  EXPECT_TRUE(log.Find(Number((uint64_t{1} << 32) + 2, 7)).empty());
  EXPECT_TRUE(log.Find(Number(2, (uint64_t{1} << 48) + 7)).empty());
}

// F9: a forgotten record's ACK is of no help and no harm; the bound holds.
TEST(SentRecordLog, F9ForgetsTheOldestFirst) {
  SentRecordLog log;
  constexpr uint64_t kExtra = 10;
  for (uint64_t i = 0; i < SentRecordLog::kMaxRecords + kExtra; ++i) {
    log.Record(Number(2, i), Refs{{static_cast<uint16_t>(i), 0, 1}}, Instant());
  }
  EXPECT_EQ(log.num_records(), SentRecordLog::kMaxRecords);
  for (uint64_t i = 0; i < kExtra; ++i) EXPECT_TRUE(log.Find(Number(2, i)).empty()) << i;
  for (uint64_t i = kExtra; i < SentRecordLog::kMaxRecords + kExtra; ++i) {
    EXPECT_EQ(Found(log, Number(2, i)), (Refs{{static_cast<uint16_t>(i), 0, 1}})) << i;
  }
}

// F9: an ACK of the flight before this one.
TEST(SentRecordLog, F9ClearForgetsThePreviousFlight) {
  SentRecordLog log;
  log.Record(Number(0, 0), Refs{{0, 0, 1}}, Instant());
  log.Clear();
  EXPECT_TRUE(log.Find(Number(0, 0)).empty());
  EXPECT_EQ(log.num_records(), 0u);
}

TEST(SentRecordLog, KeepsAsManyRefsAsARecordMayHold) {
  SentRecordLog log;
  Refs refs;
  for (uint16_t i = 0; i < OutgoingFlight::kMaxFragmentsPerRecord + 1; ++i) {
    refs.push_back({i, 0, 1});
  }
  log.Record(Number(2, 0), refs, Instant());
  refs.pop_back();
  EXPECT_EQ(Found(log, Number(2, 0)), refs);
}

// The same fragment goes out again under a new number; either number acknowledges it.
//= rfc9147#section-7.2
//= type=test
//# Implementations MUST treat a record as having been acknowledged if it
//# appears in any ACK; this prevents spurious retransmission in cases where
//# a flight is very large and the receiver is forced to elide
//# acknowledgements for records which have already been ACKed.
TEST(SentRecordLog, EveryTransmissionIsRemembered) {
  SentRecordLog log;
  const Refs refs = {{4, 100, 50}};
  log.Record(Number(2, 0), refs, Instant());
  log.Record(Number(2, 5), refs, Instant());
  EXPECT_EQ(Found(log, Number(2, 0)), refs);
  EXPECT_EQ(Found(log, Number(2, 5)), refs);
}

TEST(SentRecordLog, TellsHowLongTheFirstAckOfARecordTook) {
  using std::chrono::milliseconds;
  SentRecordLog log;
  // Milliseconds modulo 2^32 wrap between the two.
  const Instant sent = Instant(milliseconds((int64_t{1} << 32) - 10));
  log.Record(Number(2, 0), Refs{{0, 0, 1}}, sent);
  log.Record(Number(2, 1), Refs{{0, 0, 1}}, sent + milliseconds(30));
  const Instant now = sent + milliseconds(50);
  EXPECT_EQ(log.Age(Number(2, 0), now), milliseconds(50));
  EXPECT_EQ(log.TakeAge(Number(2, 0), now), milliseconds(50));
  EXPECT_FALSE(log.TakeAge(Number(2, 0), now)) << "an ACK has named it";
  EXPECT_EQ(log.Age(Number(2, 0), now), milliseconds(50));
  EXPECT_EQ(log.TakeAge(Number(2, 1), now), milliseconds(20));
  EXPECT_FALSE(log.Age(Number(2, 2), now));
  EXPECT_FALSE(log.TakeAge(Number(2, 2), now));
}

}  // namespace
}  // namespace dtls13
