// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/drop_reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace dtls13::udp_notif {
namespace {

TEST(DropReasonTest, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kNumDropReasons; ++i) names.insert(NameOf(static_cast<DropReason>(i)));
  EXPECT_EQ(names.size(), kNumDropReasons);
  EXPECT_FALSE(names.contains("unknown"));
}

TEST(DropReasonTest, CountsByReason) {
  DropCounters counters;
  counters.Count(DropReason::kVersion);
  counters.Count(DropReason::kVersion);
  counters.Count(DropReason::kTooManyPublishers);
  EXPECT_EQ(counters.of(DropReason::kVersion), 2u);
  EXPECT_EQ(counters.of(DropReason::kShortHeader), 0u);
  EXPECT_EQ(counters.total(), 3u);
}

}  // namespace
}  // namespace dtls13::udp_notif
