// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/drop_rule.h"

#include <gtest/gtest.h>

namespace dtls13::cli {
namespace {

TEST(DropRule, DropsTheListedInEachDirection) {
  absl::StatusOr<DropRule> rule = DropRule::Make("c2s:2,s2c:1", 0, 1);
  ASSERT_TRUE(rule.ok());
  EXPECT_FALSE(rule->Drop(Direction::kToServer));
  EXPECT_TRUE(rule->Drop(Direction::kToClient));
  EXPECT_TRUE(rule->Drop(Direction::kToServer));
  EXPECT_FALSE(rule->Drop(Direction::kToClient));
  EXPECT_FALSE(rule->Drop(Direction::kToServer));
}

TEST(DropRule, RandomLossDependsOnSeedAndPlaceAlone) {
  absl::StatusOr<DropRule> one = DropRule::Make("", 50, 7);
  absl::StatusOr<DropRule> other = DropRule::Make("", 50, 7);
  ASSERT_TRUE(one.ok() && other.ok());
  int num_dropped = 0;
  for (int i = 0; i < 200; ++i) {
    const bool dropped = one->Drop(Direction::kToServer);
    // What goes the other way in between makes no difference.
    if (i % 3 == 0) other->Drop(Direction::kToClient);
    EXPECT_EQ(dropped, other->Drop(Direction::kToServer));
    num_dropped += dropped;
  }
  EXPECT_GT(num_dropped, 50);
  EXPECT_LT(num_dropped, 150);
}

TEST(DropRule, RefusesWhatItDoesNotUnderstand) {
  for (const char* list : {"2", "c2s", "c2s:", "c2s:0", "c2s:-1", "up:1", "c2s:1;s2c:1"}) {
    EXPECT_FALSE(DropRule::Make(list, 0, 1).ok()) << list;
  }
}

}  // namespace
}  // namespace dtls13::cli
