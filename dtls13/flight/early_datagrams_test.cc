#include "dtls13/flight/early_datagrams.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

TEST(EarlyDatagrams, GivesBackWhatItHeldInOrderAndOnce) {
  EarlyDatagrams early;
  EXPECT_TRUE(early.empty());
  early.Hold(std::vector<uint8_t>{1, 2});
  early.Hold(std::vector<uint8_t>{3});
  EXPECT_FALSE(early.empty());
  EXPECT_EQ(early.TakeAll(), (std::vector<std::vector<uint8_t>>{{1, 2}, {3}}));
  EXPECT_TRUE(early.empty());
  EXPECT_TRUE(early.TakeAll().empty());
}

TEST(EarlyDatagrams, IsBoundedInNumber) {
  EarlyDatagrams early;
  for (uint8_t i = 0; i < 100; ++i) early.Hold(std::vector<uint8_t>{i});
  const auto held = early.TakeAll();
  ASSERT_EQ(held.size(), EarlyDatagrams::kMaxDatagrams);
  EXPECT_EQ(held.front(), std::vector<uint8_t>{0});
}

TEST(EarlyDatagrams, IsBoundedInBytes) {
  EarlyDatagrams early;
  early.Hold(std::vector<uint8_t>(EarlyDatagrams::kMaxBytes + 1));
  EXPECT_TRUE(early.empty());
  early.Hold(std::vector<uint8_t>(EarlyDatagrams::kMaxBytes));
  early.Hold(std::vector<uint8_t>(1));
  EXPECT_EQ(early.TakeAll().size(), 1u);
  early.Hold(std::vector<uint8_t>(EarlyDatagrams::kMaxBytes));
  EXPECT_FALSE(early.empty());
}

}  // namespace
}  // namespace dtls13
