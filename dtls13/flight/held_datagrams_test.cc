// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/held_datagrams.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

using Datagrams = std::vector<std::vector<uint8_t>>;

TEST(HeldDatagrams, GivesBackWhatItHeldInOrderAndOnce) {
  HeldDatagrams held_datagrams;
  EXPECT_TRUE(held_datagrams.empty());
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>{1, 2});
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>{3});
  EXPECT_FALSE(held_datagrams.empty());
  EXPECT_EQ(held_datagrams.TakeUpTo(kHandshakeEpoch), (Datagrams{{1, 2}, {3}}));
  EXPECT_TRUE(held_datagrams.empty());
  EXPECT_TRUE(held_datagrams.TakeUpTo(kHandshakeEpoch).empty());
}

TEST(HeldDatagrams, KeepsWhatAwaitsALaterEpoch) {
  HeldDatagrams held_datagrams;
  held_datagrams.Hold(kFirstApplicationEpoch, std::vector<uint8_t>{1});
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>{2});
  held_datagrams.Hold(kFirstApplicationEpoch, std::vector<uint8_t>{3});
  EXPECT_TRUE(held_datagrams.TakeUpTo(kEarlyDataEpoch).empty());
  EXPECT_EQ(held_datagrams.TakeUpTo(kHandshakeEpoch), (Datagrams{{2}}));
  EXPECT_EQ(held_datagrams.TakeUpTo(kFirstApplicationEpoch), (Datagrams{{1}, {3}}));
  EXPECT_TRUE(held_datagrams.empty());
}

TEST(HeldDatagrams, IsBoundedInNumber) {
  HeldDatagrams held_datagrams;
  for (uint8_t i = 0; i < 100; ++i) held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>{i});
  const auto held = held_datagrams.TakeUpTo(kHandshakeEpoch);
  ASSERT_EQ(held.size(), HeldDatagrams::kMaxDatagrams);
  EXPECT_EQ(held.front(), std::vector<uint8_t>{0});
}

TEST(HeldDatagrams, IsBoundedInBytes) {
  HeldDatagrams held_datagrams;
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>(HeldDatagrams::kMaxBytes + 1));
  EXPECT_TRUE(held_datagrams.empty());
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>(HeldDatagrams::kMaxBytes));
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>(1));
  EXPECT_EQ(held_datagrams.TakeUpTo(kHandshakeEpoch).size(), 1u);
  held_datagrams.Hold(kHandshakeEpoch, std::vector<uint8_t>(HeldDatagrams::kMaxBytes));
  EXPECT_FALSE(held_datagrams.empty());
  held_datagrams.Clear();
  EXPECT_TRUE(held_datagrams.empty());
}

}  // namespace
}  // namespace dtls13
