// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace dtls13 {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Thing : TimerWheel::Timer {};

Instant At(Duration since) { return Instant(since); }

TEST(TimerWheelTest, SaysNothingWithoutTimers) {
  TimerWheel wheel;
  EXPECT_EQ(wheel.NextTimeout(), std::nullopt);
  EXPECT_EQ(wheel.PopDue(At(hours(100))), nullptr);
}

TEST(TimerWheelTest, ATimerIsDueAtItsTickAndNotBefore) {
  TimerWheel wheel;
  Thing thing;
  wheel.Set(&thing, At(microseconds(2500)));
  EXPECT_TRUE(thing.is_set());
  EXPECT_EQ(wheel.NextTimeout(), At(milliseconds(3)));
  EXPECT_EQ(wheel.PopDue(At(microseconds(2999))), nullptr);
  EXPECT_EQ(wheel.PopDue(At(milliseconds(3))), &thing);
  EXPECT_FALSE(thing.is_set());
  EXPECT_EQ(wheel.PopDue(At(milliseconds(3))), nullptr);
  EXPECT_EQ(wheel.NextTimeout(), std::nullopt);
}

TEST(TimerWheelTest, WhatHasPassedIsDueAtOnce) {
  TimerWheel wheel;
  EXPECT_EQ(wheel.PopDue(At(seconds(10))), nullptr);
  Thing thing;
  wheel.Set(&thing, At(seconds(9)));
  EXPECT_LE(*wheel.NextTimeout(), At(seconds(10)));
  EXPECT_EQ(wheel.PopDue(At(seconds(10))), &thing);
}

TEST(TimerWheelTest, AStoppedTimerIsNeverDueAndAMovedOneOnlyOnce) {
  TimerWheel wheel;
  Thing stopped;
  Thing moved;
  wheel.Set(&stopped, At(milliseconds(5)));
  wheel.Set(&moved, At(milliseconds(5)));
  wheel.Set(&moved, At(hours(1)));
  wheel.Stop(&stopped);
  wheel.Stop(&stopped);
  EXPECT_EQ(wheel.PopDue(At(hours(1) - milliseconds(1))), nullptr);
  EXPECT_EQ(wheel.PopDue(At(hours(1))), &moved);
  EXPECT_EQ(wheel.PopDue(At(hours(2))), nullptr);
}

TEST(TimerWheelTest, NobodyWakesForWhatWasStopped) {
  TimerWheel wheel;
  Thing one;
  Thing other;
  wheel.Set(&one, At(seconds(5)));
  wheel.Set(&other, At(seconds(5)));
  wheel.Stop(&one);
  EXPECT_NE(wheel.NextTimeout(), std::nullopt);
  wheel.Stop(&other);
  EXPECT_EQ(wheel.NextTimeout(), std::nullopt);
}

TEST(TimerWheelTest, TheLastInstantIsADeadlineToo) {
  TimerWheel wheel;
  Thing thing;
  wheel.Set(&thing, Instant::max());
  EXPECT_EQ(wheel.PopDue(At(hours(24 * 365 * 1000))), nullptr);
  ASSERT_TRUE(wheel.NextTimeout());
  EXPECT_GT(*wheel.NextTimeout(), At(hours(24 * 365 * 1000)));
  wheel.Stop(&thing);
}

TEST(TimerWheelTest, TimeThatGoesBackChangesNothing) {
  TimerWheel wheel;
  Thing thing;
  EXPECT_EQ(wheel.PopDue(At(seconds(100))), nullptr);
  wheel.Set(&thing, At(seconds(101)));
  EXPECT_EQ(wheel.PopDue(At(seconds(1))), nullptr);
  EXPECT_EQ(wheel.PopDue(At(seconds(101))), &thing);
}

// Against a sorted list, by wakes at NextTimeout alone: nothing is early, nothing is later than a
// tick, and each deadline costs few wakes, however far it is ahead.
TEST(TimerWheelTest, AgreesWithASortedListAtEveryDistance) {
  std::mt19937_64 random(1);
  TimerWheel wheel;
  std::vector<std::unique_ptr<Thing>> things;
  std::multimap<Instant, Thing*> sorted;
  Instant now = At(hours(1000));
  EXPECT_EQ(wheel.PopDue(now), nullptr);
  const auto set = [&](Thing* thing) {
    const Instant deadline = now + Duration(random() >> (20 + random() % 44));
    wheel.Set(thing, deadline);
    sorted.emplace(deadline, thing);
  };
  for (int i = 0; i < 500; ++i) set(things.emplace_back(std::make_unique<Thing>()).get());
  size_t num_wakes = 0;
  size_t num_due = 0;
  while (num_due < 5000) {
    const std::optional<Instant> next = wheel.NextTimeout();
    ASSERT_TRUE(next);
    ASSERT_LT(*next, sorted.begin()->first + TimerWheel::kTick);
    now = std::max(now, *next);
    ++num_wakes;
    std::set<Thing*> due;
    while (TimerWheel::Timer* const timer = wheel.PopDue(now)) {
      ASSERT_LE(timer->deadline(), now);
      due.insert(static_cast<Thing*>(timer));
    }
    std::set<Thing*> expected;
    while (!sorted.empty() && sorted.begin()->first <= now) {
      expected.insert(sorted.begin()->second);
      sorted.erase(sorted.begin());
    }
    ASSERT_EQ(due, expected);
    num_due += due.size();
    for (Thing* const thing : due) set(thing);
  }
  EXPECT_LT(num_wakes, 10 * num_due);
  for (const auto& thing : things) wheel.Stop(thing.get());
}

}  // namespace
}  // namespace dtls13
