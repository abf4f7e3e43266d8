// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/segmenter.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {
namespace {

Bytes Counting(size_t len) {
  Bytes octets(len);
  for (size_t i = 0; i < len; ++i) octets[i] = static_cast<uint8_t>(i);
  return octets;
}

TEST(SegmenterTest, WhatFitsHasNoSegmentationOption) {
  const Bytes notification = Counting(100);
  auto segmenter = Segmenter::Create({.message_id = 4}, notification, kFixedHeaderLen + 100);
  ASSERT_TRUE(segmenter);
  const auto message = segmenter->Next();
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->header.segment);
  EXPECT_EQ(ToBytes(message->payload), notification);
  EXPECT_FALSE(segmenter->Next());
}

//= draft-ietf-netconf-udp-notif#section-4.1
//= type=test
//# Implementations MUST provide a configurable parameter to control the
//# maximum size of a UDP-Notif segment.
TEST(SegmenterTest, NoSegmentIsLargerThanTheMaximum) {
  for (const size_t max_size : {kMinSegmentSize, size_t{100}, size_t{1400}}) {
    const Bytes notification = Counting(3000);
    auto segmenter = Segmenter::Create({.message_id = 4}, notification, max_size);
    ASSERT_TRUE(segmenter);
    Bytes together;
    size_t num_segments = 0;
    while (const auto message = segmenter->Next()) {
      Bytes octets;
      ASSERT_TRUE(AppendMessage(*message, &octets));
      EXPECT_LE(octets.size(), max_size);
      EXPECT_EQ(message->header.message_id, 4u);
      ASSERT_TRUE(message->header.segment);
      EXPECT_EQ(message->header.segment->number, num_segments);
      ++num_segments;
      EXPECT_EQ(message->header.segment->is_last, num_segments == segmenter->num_segments());
      together.insert(together.end(), message->payload.begin(), message->payload.end());
    }
    EXPECT_EQ(num_segments, segmenter->num_segments());
    EXPECT_EQ(together, notification);
  }
}

TEST(SegmenterTest, AnEmptyNotificationIsOneMessage) {
  auto segmenter = Segmenter::Create({}, {}, kMinSegmentSize);
  ASSERT_TRUE(segmenter);
  EXPECT_TRUE(segmenter->Next());
  EXPECT_FALSE(segmenter->Next());
}

TEST(SegmenterTest, ThereAreNoMoreSegmentsThanNumbers) {
  const Bytes notification = Counting(kMaxSegments + 1);
  EXPECT_FALSE(Segmenter::Create({}, notification, kMinSegmentSize));
  const auto most =
      Segmenter::Create({}, std::span(notification).first(kMaxSegments), kMinSegmentSize);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->num_segments(), kMaxSegments);
}

TEST(SegmenterTest, AMaximumThatCarriesNothingIsRefused) {
  EXPECT_FALSE(Segmenter::Create({}, {}, kMinSegmentSize - 1));
  EXPECT_FALSE(Segmenter::Create({}, {}, kMaxMessageLen + 1));
}

}  // namespace
}  // namespace dtls13::udp_notif
