// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/wall_clock.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kStart{seconds(1'700'000'000)};
constexpr Instant kFirst{seconds(50)};

TEST(WallClock, StandsUntilTheFirstCall) {
  WallClock clock;
  clock.Set(kStart);
  EXPECT_EQ(clock.At(kFirst), kStart);
  EXPECT_EQ(clock.At(kFirst + seconds(9)), kStart);
}

TEST(WallClock, GoesOnFromTheFirstCallInWholeSeconds) {
  WallClock clock;
  clock.Set(kStart);
  clock.OnCall(kFirst);
  EXPECT_EQ(clock.At(kFirst), kStart);
  EXPECT_EQ(clock.At(kFirst + milliseconds(999)), kStart);
  EXPECT_EQ(clock.At(kFirst + seconds(7200)), kStart + seconds(7200));
}

TEST(WallClock, LaterCallsMoveNothing) {
  WallClock clock;
  clock.Set(kStart);
  clock.OnCall(kFirst);
  clock.OnCall(kFirst + seconds(30));
  EXPECT_EQ(clock.At(kFirst + seconds(31)), kStart + seconds(31));
}

}  // namespace
}  // namespace dtls13
