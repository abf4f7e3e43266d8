// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/timer_callback.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace dtls13::shim {
namespace {

std::vector<unsigned int> asked_us;

unsigned int AnswerTwice(SSL* /*ssl*/, unsigned int last_us) {
  asked_us.push_back(last_us);
  return last_us == 0 ? 1000 : 2 * last_us;
}

TEST(TimerCallbackTest, AsksWithZeroForAFlightAndWithTheLastValueAtAnExpiry) {
  asked_us.clear();
  TimerCallback timer;
  timer.set(AnswerTwice);
  EXPECT_EQ(timer.Ask(nullptr, {}), std::nullopt);
  RetransmitTimerReport report = {.num_starts = 1, .num_expiries = 0, .value = Duration(7)};
  EXPECT_EQ(timer.Ask(nullptr, report), std::chrono::microseconds(1000));
  report.value = Duration(1000);
  timer.Note(report);
  EXPECT_EQ(timer.Ask(nullptr, report), std::nullopt);
  report.num_expiries = 1;
  EXPECT_EQ(timer.Ask(nullptr, report), std::chrono::microseconds(2000));
  EXPECT_EQ(asked_us, (std::vector<unsigned int>{0, 1000}));
}

TEST(TimerCallbackTest, ForgetsTheTimerAndKeepsTheCallback) {
  asked_us.clear();
  TimerCallback timer;
  timer.set(AnswerTwice);
  const RetransmitTimerReport report = {.num_starts = 1, .num_expiries = 0, .value = Duration(7)};
  EXPECT_TRUE(timer.Ask(nullptr, report).has_value());
  timer.Forget();
  EXPECT_EQ(timer.get(), AnswerTwice);
  EXPECT_TRUE(timer.Ask(nullptr, report).has_value());
}

TEST(TimerCallbackTest, WithoutACallbackNobodyIsAsked) {
  TimerCallback timer;
  EXPECT_EQ(timer.Ask(nullptr, {.num_starts = 1, .num_expiries = 0, .value = {}}), std::nullopt);
}

}  // namespace
}  // namespace dtls13::shim
