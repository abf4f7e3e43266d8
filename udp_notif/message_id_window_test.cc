// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/message_id_window.h"

#include <gtest/gtest.h>

#include <optional>

namespace dtls13::udp_notif {
namespace {

constexpr MessageIdLimits kSmall = {.behind = 64, .ahead = 1000};

TEST(MessageIdWindowTest, SuccessiveIdsLoseNothing) {
  MessageIdWindow window(kSmall);
  for (uint32_t id = 1; id <= 1000; ++id) EXPECT_EQ(window.Accept(id), std::nullopt);
  EXPECT_EQ(window.num_lost(), 0u);
  EXPECT_EQ(window.num_missing(), 0u);
  EXPECT_EQ(window.TakeGap(), 0u);
}

TEST(MessageIdWindowTest, IdsWrapAround) {
  MessageIdWindow window(kSmall);
  for (uint32_t i = 0; i < 300; ++i) {
    EXPECT_EQ(window.Accept(0xffffff80u + i), std::nullopt);
    EXPECT_EQ(window.Accept(0xffffff80u + i), DropReason::kDuplicateMessage);
  }
  EXPECT_EQ(window.num_lost(), 0u);
  EXPECT_EQ(window.num_restarts(), 0u);
}

TEST(MessageIdWindowTest, AGapIsMissingUntilItComesOrLeavesTheWindow) {
  MessageIdWindow window(kSmall);
  window.Accept(10);
  EXPECT_EQ(window.Accept(14), std::nullopt);
  EXPECT_EQ(window.TakeGap(), 3u);
  EXPECT_EQ(window.TakeGap(), 0u);
  EXPECT_EQ(window.num_missing(), 3u);
  EXPECT_EQ(window.Accept(12), std::nullopt);
  EXPECT_EQ(window.num_missing(), 2u);
  EXPECT_EQ(window.num_lost(), 0u);
  for (uint32_t id = 15; id < 15 + 64; ++id) window.Accept(id);
  EXPECT_EQ(window.num_missing(), 0u);
  EXPECT_EQ(window.num_lost(), 2u);
  EXPECT_EQ(window.Accept(11), DropReason::kStaleMessage);
  EXPECT_EQ(window.num_lost(), 2u);
}

TEST(MessageIdWindowTest, AJumpOverTheWholeWindowLosesWhatIsBeforeIt) {
  MessageIdWindow window(kSmall);
  window.Accept(0);
  window.Accept(500);
  EXPECT_EQ(window.TakeGap(), 499u);
  EXPECT_EQ(window.num_missing(), 63u);  // 437 to 499 may still come
  EXPECT_EQ(window.num_lost(), 436u);
  EXPECT_EQ(window.Accept(437), std::nullopt);
  EXPECT_EQ(window.Accept(436), DropReason::kStaleMessage);
}

TEST(MessageIdWindowTest, TheFirstMayBeOvertaken) {
  MessageIdWindow window(kSmall);
  window.Accept(100);
  EXPECT_EQ(window.Accept(97), std::nullopt);
  EXPECT_EQ(window.num_missing(), 2u);
  EXPECT_EQ(window.Accept(97), DropReason::kDuplicateMessage);
  EXPECT_EQ(window.Accept(98), std::nullopt);
  EXPECT_EQ(window.Accept(99), std::nullopt);
  EXPECT_EQ(window.num_missing(), 0u);
  // IDs before the first were never the stream's, so they are not lost.
  for (uint32_t id = 101; id < 300; ++id) window.Accept(id);
  EXPECT_EQ(window.num_lost(), 0u);
}

TEST(MessageIdWindowTest, WhatIsFarAheadIsNotTaken) {
  MessageIdWindow window(kSmall);
  window.Accept(100);
  EXPECT_EQ(window.Accept(1101), DropReason::kFarMessage);
  EXPECT_EQ(window.Accept(1100), std::nullopt);
}

TEST(MessageIdWindowTest, ARunBeyondTheWindowIsAPublisherThatBeganAnew) {
  MessageIdWindow window(kSmall);
  window.Accept(5000);
  window.Accept(5002);
  EXPECT_EQ(window.Accept(1), DropReason::kStaleMessage);
  EXPECT_EQ(window.Accept(1), DropReason::kStaleMessage);  // another segment of it
  EXPECT_EQ(window.Accept(2), DropReason::kStaleMessage);
  EXPECT_EQ(window.Accept(3), DropReason::kStaleMessage);
  EXPECT_EQ(window.Accept(4), std::nullopt);
  EXPECT_EQ(window.num_restarts(), 1u);
  EXPECT_EQ(window.num_lost(), 1u);
  EXPECT_EQ(window.Accept(5), std::nullopt);
  EXPECT_EQ(window.Accept(5003), DropReason::kFarMessage);
}

TEST(MessageIdWindowTest, ARunIsBrokenByWhatIsInTheWindow) {
  MessageIdWindow window(kSmall);
  window.Accept(5000);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(window.Accept(1), DropReason::kStaleMessage);
    EXPECT_EQ(window.Accept(2), DropReason::kStaleMessage);
    EXPECT_EQ(window.Accept(3), DropReason::kStaleMessage);
    EXPECT_EQ(window.Accept(5001 + static_cast<uint32_t>(i)), std::nullopt);
  }
  EXPECT_EQ(window.num_restarts(), 0u);
}

}  // namespace
}  // namespace dtls13::udp_notif
