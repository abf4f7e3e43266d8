// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/collector.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{};

class CollectorTest : public ::testing::Test {
 protected:
  std::optional<Delivery> Take(uint32_t message_id, std::optional<Segment> segment = {},
                               Instant now = kStart, const SourceKey& source = "a",
                               uint32_t publisher_id = 1) {
    const Message message = {
        .header = {.publisher_id = publisher_id, .message_id = message_id, .segment = segment},
        .payload = payload_};
    return collector_.Take(source, &pool_, message, now);
  }
  uint64_t Drops(DropReason reason) const { return collector_.counters().drops.of(reason); }
  uint64_t num_lost() const { return collector_.counters().num_lost; }

  CollectorLimits limits_ = {.message_ids = {.behind = 64, .ahead = 1000},
                             .max_streams_of_source = 3};
  StreamPool pool_{4, 1 << 20};
  Collector collector_{limits_};
  Bytes payload_ = ToBytes("{}");
};

TEST_F(CollectorTest, HandsOnWhatCame) {
  const auto delivery = Take(7);
  ASSERT_TRUE(delivery);
  EXPECT_EQ(delivery->header.message_id, 7u);
  EXPECT_EQ(ToBytes(delivery->notification), payload_);
  EXPECT_EQ(delivery->num_segments, 1u);
  EXPECT_EQ(delivery->gap, 0u);
  EXPECT_EQ(collector_.counters().num_messages, 1u);
  EXPECT_EQ(collector_.counters().num_octets, 2u);
}

TEST_F(CollectorTest, SaysGapsAndLossesByPublisher) {
  Take(1);
  Take(100, {}, kStart, "a", 2);
  const auto jumped = Take(4);
  ASSERT_TRUE(jumped);
  EXPECT_EQ(jumped->gap, 2u);
  EXPECT_EQ(Take(5)->gap, 0u);
  EXPECT_EQ(Take(101, {}, kStart, "a", 2)->gap, 0u);
  EXPECT_EQ(collector_.counters().num_gaps, 1u);
  EXPECT_EQ(num_lost(), 0u);
  EXPECT_TRUE(Take(2));
  std::optional<Delivery> last;
  for (uint32_t id = 6; id < 80; ++id) last = Take(id);
  EXPECT_EQ(num_lost(), 1u);
  EXPECT_EQ(last->num_lost, 1u);
}

TEST_F(CollectorTest, DropsDuplicates) {
  EXPECT_TRUE(Take(1));
  EXPECT_FALSE(Take(1));
  EXPECT_EQ(Drops(DropReason::kDuplicateMessage), 1u);
  // The Message ID of another source or publisher is another message.
  EXPECT_TRUE(Take(1, {}, kStart, "b"));
  EXPECT_TRUE(Take(1, {}, kStart, "a", 2));
}

TEST_F(CollectorTest, PutsSegmentsTogetherOnce) {
  EXPECT_FALSE(Take(5, Segment{.number = 1, .is_last = true}));
  EXPECT_FALSE(Take(5, Segment{.number = 1, .is_last = true}));
  EXPECT_EQ(Drops(DropReason::kDuplicateSegment), 1u);
  const auto whole = Take(5, Segment{.number = 0});
  ASSERT_TRUE(whole);
  EXPECT_EQ(ToBytes(whole->notification), ToBytes("{}{}"));
  EXPECT_EQ(whole->num_segments, 2u);
  EXPECT_FALSE(Take(5, Segment{.number = 0}));
  EXPECT_EQ(Drops(DropReason::kDuplicateSegment), 2u);
  EXPECT_EQ(collector_.counters().num_reassembled, 1u);
  EXPECT_EQ(collector_.counters().num_segments, 2u);
  EXPECT_EQ(num_lost(), 0u);
}

// It is complete long after messages behind it filled the window.
TEST_F(CollectorTest, AMessageUnderWayIsNotLostToTheWindow) {
  Take(1, Segment{.number = 0});
  for (uint32_t id = 2; id < 200; ++id) EXPECT_TRUE(Take(id));
  EXPECT_TRUE(Take(1, Segment{.number = 1, .is_last = true}));
  EXPECT_EQ(num_lost(), 0u);
}

TEST_F(CollectorTest, AMessageThatIsNotWholeInTimeIsLost) {
  Take(1, Segment{.number = 0});
  EXPECT_EQ(collector_.NextTimeout(), kStart + seconds(10));
  Take(2, Segment{.number = 0}, kStart + seconds(1));
  collector_.HandleTimeout(kStart + seconds(10));
  EXPECT_EQ(num_lost(), 1u);
  EXPECT_EQ(Drops(DropReason::kReassemblyTimeout), 1u);
  EXPECT_EQ(collector_.NextTimeout(), kStart + seconds(11));
  // What comes of it later is a duplicate of what was given up.
  EXPECT_FALSE(Take(1, Segment{.number = 1, .is_last = true}, kStart + seconds(10)));
  EXPECT_TRUE(Take(2, Segment{.number = 1, .is_last = true}, kStart + seconds(10)));
  EXPECT_FALSE(collector_.NextTimeout());
  EXPECT_EQ(num_lost(), 1u);
}

TEST_F(CollectorTest, PublishersAreBoundedInAllAndBySource) {
  for (uint32_t publisher = 0; publisher < 3; ++publisher) {
    EXPECT_TRUE(Take(1, {}, kStart, "a", publisher));
  }
  EXPECT_FALSE(Take(1, {}, kStart, "a", 3));
  EXPECT_TRUE(Take(1, {}, kStart, "b"));
  EXPECT_FALSE(Take(1, {}, kStart, "c"));
  EXPECT_EQ(Drops(DropReason::kTooManyPublishers), 2u);
  EXPECT_EQ(collector_.num_streams(), 4u);
  collector_.Forget("a");
  EXPECT_EQ(collector_.num_streams(), 1u);
  EXPECT_TRUE(Take(1, {}, kStart, "c"));
}

TEST_F(CollectorTest, WhatIsMissingOfASourceThatWentIsLost) {
  Take(1);
  Take(4);
  Take(5, Segment{.number = 0});
  collector_.Forget("a");
  EXPECT_EQ(num_lost(), 3u);
  EXPECT_FALSE(collector_.NextTimeout());
  EXPECT_EQ(pool_.budget()->used(), 0u);
  EXPECT_EQ(Take(1)->gap, 0u);
}

TEST_F(CollectorTest, SilentSourcesAreForgotten) {
  Take(1, {}, kStart, "a");
  Take(1, {}, kStart + minutes(2), "b");
  collector_.ForgetIdle(pool_, kStart + minutes(1));
  EXPECT_EQ(collector_.num_streams(), 1u);
  EXPECT_FALSE(Take(1, {}, kStart + minutes(2), "b"));
}

TEST_F(CollectorTest, APoolThatIsFullTakesNothingFromAnother) {
  StreamPool other(1, 1 << 20);
  const auto take_other = [&](const SourceKey& source) {
    return collector_.Take(source, &other, {.header = {.message_id = 1}, .payload = payload_},
                           kStart);
  };
  EXPECT_TRUE(take_other("x"));
  EXPECT_FALSE(take_other("y"));
  EXPECT_EQ(Drops(DropReason::kTooManyPublishers), 1u);
  for (const char* source : {"a", "b", "c", "d"}) EXPECT_TRUE(Take(1, {}, kStart, source));
  EXPECT_FALSE(Take(1, {}, kStart, "e"));
  EXPECT_EQ(collector_.num_streams(), 5u);
  collector_.ForgetIdle(other, kStart + minutes(1));
  EXPECT_EQ(collector_.num_streams(), 4u) << "of its pool alone";
  EXPECT_TRUE(take_other("y"));
  collector_.ForgetAll();
  EXPECT_EQ(collector_.num_streams(), 0u);
  EXPECT_EQ(pool_.num_streams() + other.num_streams(), 0u);
}

}  // namespace
}  // namespace dtls13::udp_notif
