// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/reassembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "udp_notif/segmenter.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::seconds;

constexpr Instant kStart{};

// The segments of one message, and what they are views of.
struct Cut {
  Bytes notification;
  std::vector<Message> segments;
};

Cut CutUp(uint32_t message_id, size_t len, size_t max_size) {
  Cut cut;
  for (size_t i = 0; i < len; ++i) cut.notification.push_back(static_cast<uint8_t>(i * 7));
  auto segmenter =
      Segmenter::Create({.publisher_id = 9, .message_id = message_id}, cut.notification, max_size);
  while (const auto segment = segmenter->Next()) cut.segments.push_back(*segment);
  return cut;
}

Message Part(uint32_t message_id, uint16_t number, bool is_last, std::span<const uint8_t> payload) {
  return {.header = {.message_id = message_id,
                     .segment = Segment{.number = number, .is_last = is_last}},
          .payload = payload};
}

class ReassemblerTest : public ::testing::Test {
 protected:
  std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(8 << 20);
  ReassemblyLimits limits_;
  Bytes octets_ = ToBytes("octets");
};

//= draft-ietf-netconf-udp-notif#section-4.1
//= type=test
//# The receiver MUST support the reception of unordered segments.
//= draft-ietf-netconf-udp-notif#section-5.2
//= type=test
//# A receiver collecting segmented UDP-Notif Messages MUST support the
//# reassembly of messages containing at least 64 segments.
//= draft-ietf-netconf-udp-notif#section-5.2
//= type=test
//# The publisher and receiver MUST support Notification Messages of at
//# least 96 kilobytes (KB), including any required segmentation and
//# reassembly.
TEST_F(ReassemblerTest, SegmentsComeInAnyOrder) {
  Reassembler reassembler(limits_, budget_);
  std::mt19937 random(5);
  for (const size_t len : {2000, 60'000, 96 * 1024, 200'000}) {
    Cut cut = CutUp(static_cast<uint32_t>(len), len, 1400);
    std::shuffle(cut.segments.begin(), cut.segments.end(), random);
    for (size_t i = 0; i < cut.segments.size(); ++i) {
      const auto result = reassembler.Add(cut.segments[i], kStart);
      EXPECT_FALSE(result.dropped);
      ASSERT_EQ(result.whole.has_value(), i + 1 == cut.segments.size());
      if (!result.whole) continue;
      EXPECT_EQ(result.notification, cut.notification);
      EXPECT_EQ(result.num_segments, cut.segments.size());
      EXPECT_EQ(result.whole->publisher_id, 9u);
      EXPECT_EQ(result.whole->message_id, len);
      EXPECT_FALSE(result.whole->segment);
    }
  }
  EXPECT_EQ(reassembler.num_messages(), 0u);
  EXPECT_EQ(budget_->used(), 0u);
}

//= draft-ietf-netconf-udp-notif#section-4.1
//= type=test
//# If the receiver collects a segment more than once, the implementation
//# MUST drop the duplicate segment.
TEST_F(ReassemblerTest, DuplicatesAreDropped) {
  Reassembler reassembler(limits_, budget_);
  const Cut cut = CutUp(1, 3000, 1400);
  ASSERT_EQ(cut.segments.size(), 3u);
  EXPECT_FALSE(reassembler.Add(cut.segments[1], kStart).dropped);
  EXPECT_EQ(reassembler.Add(cut.segments[1], kStart).dropped, DropReason::kDuplicateSegment);
  EXPECT_FALSE(reassembler.Add(cut.segments[2], kStart).dropped);
  EXPECT_EQ(reassembler.Add(cut.segments[2], kStart).dropped, DropReason::kDuplicateSegment);
  EXPECT_EQ(reassembler.Add(cut.segments[0], kStart).notification, cut.notification);
}

TEST_F(ReassemblerTest, MessagesComeBetweenOneAnother) {
  Reassembler reassembler(limits_, budget_);
  const Cut first = CutUp(1, 2000, 1400);
  const Cut second = CutUp(2, 2000, 1300);
  reassembler.Add(first.segments[0], kStart);
  reassembler.Add(second.segments[0], kStart);
  EXPECT_EQ(reassembler.Add(second.segments[1], kStart).notification, second.notification);
  EXPECT_EQ(reassembler.Add(first.segments[1], kStart).notification, first.notification);
}

TEST_F(ReassemblerTest, WhatContradictsOtherSegmentsIsDropped) {
  Reassembler reassembler(limits_, budget_);
  EXPECT_FALSE(reassembler.Add(Part(1, 5, false, octets_), kStart).dropped);
  // The last of fewer than there are.
  EXPECT_EQ(reassembler.Add(Part(1, 4, true, octets_), kStart).dropped,
            DropReason::kSegmentConflict);
  EXPECT_FALSE(reassembler.Add(Part(1, 6, true, octets_), kStart).dropped);
  // Behind the last, and another last.
  EXPECT_EQ(reassembler.Add(Part(1, 7, false, octets_), kStart).dropped,
            DropReason::kSegmentConflict);
  EXPECT_EQ(reassembler.Add(Part(1, 3, true, octets_), kStart).dropped,
            DropReason::kSegmentConflict);
  Message other = Part(1, 0, false, octets_);
  other.header.media_type.value = kMediaTypeXml;
  EXPECT_EQ(reassembler.Add(other, kStart).dropped, DropReason::kSegmentConflict);
  EXPECT_EQ(reassembler.num_messages(), 1u);
}

TEST_F(ReassemblerTest, AMessageOfOneSegmentIsWhole) {
  Reassembler reassembler(limits_, budget_);
  EXPECT_EQ(reassembler.Add(Part(1, 0, true, octets_), kStart).notification, octets_);
}

//= draft-ietf-netconf-udp-notif#section-5.3
//= type=test
//# a receiver implementation MUST discard segments that were received but
//# cannot be re-assembled as a complete message within a given amount of
//# time.
TEST_F(ReassemblerTest, WhatIsNotWholeInTimeIsForgotten) {
  Reassembler reassembler(limits_, budget_);
  EXPECT_FALSE(reassembler.NextTimeout());
  const Cut cut = CutUp(1, 3000, 1400);
  reassembler.Add(cut.segments[0], kStart);
  reassembler.Add(Part(2, 0, false, octets_), kStart + seconds(3));
  reassembler.Add(cut.segments[1], kStart + seconds(9));
  EXPECT_EQ(reassembler.NextTimeout(), kStart + seconds(10));
  EXPECT_EQ(reassembler.Expire(kStart + seconds(10) - Duration(1)), 0u);
  EXPECT_EQ(reassembler.Expire(kStart + seconds(10)), 1u);
  EXPECT_FALSE(reassembler.Has(1));
  EXPECT_TRUE(reassembler.Has(2));
  EXPECT_EQ(reassembler.NextTimeout(), kStart + seconds(13));
  EXPECT_EQ(reassembler.Expire(kStart + seconds(20)), 1u);
  EXPECT_EQ(budget_->used(), 0u);
}

//= draft-ietf-netconf-udp-notif#section-5.2
//= type=test
//# Incomplete messages exceeding the configured limit MUST be discarded.
TEST_F(ReassemblerTest, NumberAndLengthOfSegmentsAreBounded) {
  limits_.max_segments = 4;
  limits_.max_notification_len = 10;
  Reassembler reassembler(limits_, budget_);
  EXPECT_FALSE(reassembler.Add(Part(1, 0, false, octets_), kStart).dropped);
  auto result = reassembler.Add(Part(1, 4, true, octets_), kStart);
  EXPECT_EQ(result.dropped, DropReason::kTooManySegments);
  EXPECT_TRUE(result.forgotten);
  EXPECT_FALSE(reassembler.Has(1));
  EXPECT_FALSE(reassembler.Add(Part(2, 0, false, octets_), kStart).dropped);
  result = reassembler.Add(Part(2, 1, false, octets_), kStart);
  EXPECT_EQ(result.dropped, DropReason::kMessageTooLarge);
  EXPECT_TRUE(result.forgotten);
  EXPECT_EQ(budget_->used(), 0u);
}

TEST_F(ReassemblerTest, MessagesUnderWayAreBounded) {
  limits_.max_messages = 2;
  Reassembler reassembler(limits_, budget_);
  reassembler.Add(Part(1, 0, false, octets_), kStart);
  reassembler.Add(Part(2, 0, false, octets_), kStart);
  EXPECT_EQ(reassembler.Add(Part(3, 0, false, octets_), kStart).dropped, DropReason::kMemoryFull);
  EXPECT_EQ(reassembler.num_messages(), 2u);
}

TEST_F(ReassemblerTest, AllPublishersTogetherAreBounded) {
  const auto small = std::make_shared<ByteBudget>(1000);
  Reassembler one(limits_, small);
  Reassembler other(limits_, small);
  const Bytes half(400);
  EXPECT_FALSE(one.Add(Part(1, 0, false, half), kStart).dropped);
  EXPECT_EQ(other.Add(Part(1, 0, false, half), kStart).dropped, DropReason::kMemoryFull);
  EXPECT_FALSE(other.Has(1));
  EXPECT_EQ(one.Expire(kStart + seconds(10)), 1u);
  EXPECT_FALSE(other.Add(Part(1, 0, false, half), kStart).dropped);
}

}  // namespace
}  // namespace dtls13::udp_notif
