// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/pace.h"

#include <gtest/gtest.h>

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart{};

int TakeAll(Pace* pace, Instant now) {
  int taken = 0;
  while (taken < 1'000'000 && pace->Take(now)) ++taken;
  return taken;
}

//= draft-ietf-netconf-udp-notif#section-5.1
//= type=test
//# Implementations MUST NOT generate unbounded volumes of traffic by
//# default and SHOULD require the users to explicitly configure such a
//# mode of operation.
TEST(PaceTest, TakesSoManyASecondEvenly) {
  for (const uint32_t rate : {1u, 3u, 7000u, 999'999u}) {
    Pace pace(rate, kStart);
    int taken = 0;
    int most_at_once = 0;
    for (Instant now = kStart; now < kStart + seconds(10); now += milliseconds(1)) {
      const int now_taken = TakeAll(&pace, now);
      most_at_once = std::max(most_at_once, now_taken);
      taken += now_taken;
    }
    EXPECT_NEAR(taken, 10 * static_cast<int>(rate), static_cast<int>(rate / 500) + 1);
    EXPECT_LE(most_at_once, static_cast<int>(rate / 1000) + 1);
  }
}

TEST(PaceTest, APauseIsNotCaughtUp) {
  Pace pace(1000, kStart);
  EXPECT_EQ(TakeAll(&pace, kStart), 1);
  EXPECT_EQ(TakeAll(&pace, kStart + seconds(60)), 21);
  EXPECT_EQ(pace.NextTime(), kStart + seconds(60) + milliseconds(1));
}

TEST(PaceTest, NoRateIsNoLimit) {
  Pace pace(0, kStart);
  EXPECT_EQ(TakeAll(&pace, kStart), 1'000'000);
}

}  // namespace
}  // namespace dtls13::udp_notif
