// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/replay_window.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace dtls13 {
namespace {

constexpr uint64_t kSize = ReplayWindow::kSize;

bool Accept(ReplayWindow* window, uint64_t number) {
  if (!window->IsNew(SequenceNumber{number})) return false;
  window->Mark(SequenceNumber{number});
  return true;
}

//= rfc9147#section-4.5.1
//= type=test
//# The received record counter for an epoch MUST be initialized to zero
//# when that epoch is first used.
TEST(ReplayWindow, StartsEmpty) {
  ReplayWindow window;
  EXPECT_EQ(window.next().value, 0u);
  EXPECT_TRUE(window.IsNew(SequenceNumber{0}));
  EXPECT_TRUE(window.IsNew(SequenceNumber{UINT64_MAX - 1}));
}

//= rfc9147#section-4.5.1
//= type=test
//# The receiver SHOULD pick a window large enough to handle any plausible
//# reordering, which depends on the data rate.
//= draft-ietf-tls-dtls13-26#section-4.4.1
//= type=test
//# A minimum window size of 32 MUST be supported, but a window size of 64
//# is preferred and SHOULD be employed as the default.
//= draft-ietf-tls-dtls13-26#section-4.4.1
//= type=test
//# Another window size (larger than the minimum) MAY be chosen by the
//# receiver.
TEST(ReplayWindow, IsAtLeast64) { EXPECT_GE(kSize, 64u); }

TEST(ReplayWindow, AskingDoesNotMark) {
  ReplayWindow window;
  EXPECT_TRUE(window.IsNew(SequenceNumber{70}));
  EXPECT_TRUE(window.IsNew(SequenceNumber{70}));
  EXPECT_EQ(window.next().value, 0u);
}

TEST(ReplayWindow, InOrderOnceEach) {
  ReplayWindow window;
  for (uint64_t number = 0; number < 4 * kSize; ++number) {
    EXPECT_TRUE(Accept(&window, number));
    EXPECT_FALSE(Accept(&window, number));
    EXPECT_EQ(window.next().value, number + 1);
  }
}

//= rfc9147#section-4.5.1
//= type=test
//# Records that contain
//# sequence numbers lower than the "left" edge of the window are
//# rejected.
TEST(ReplayWindow, LeftEdge) {
  ReplayWindow window;
  ASSERT_TRUE(Accept(&window, 1000));
  EXPECT_FALSE(window.IsNew(SequenceNumber{1001 - kSize - 1}));
  EXPECT_TRUE(Accept(&window, 1001 - kSize));
  EXPECT_FALSE(Accept(&window, 1001 - kSize));
  EXPECT_EQ(window.next().value, 1001u);
}

TEST(ReplayWindow, GapsStayOpenAcrossWords) {
  for (const uint64_t gap : {uint64_t{1}, uint64_t{63}, uint64_t{64}, uint64_t{65}, uint64_t{128},
                             kSize - 1, kSize, kSize + 1, 10 * kSize}) {
    ReplayWindow window;
    for (uint64_t number = 0; number < 2 * kSize; ++number) ASSERT_TRUE(Accept(&window, number));
    const uint64_t jump = 2 * kSize - 1 + gap;
    ASSERT_TRUE(Accept(&window, jump));
    for (uint64_t number = 0; number <= jump; ++number) {
      const bool in_window = jump + 1 - number <= kSize;
      const bool is_gap = number >= 2 * kSize && number < jump;
      EXPECT_EQ(window.IsNew(SequenceNumber{number}), in_window && is_gap) << gap << " " << number;
    }
  }
}

TEST(ReplayWindow, TopOfTheNumberSpace) {
  ReplayWindow window;
  ASSERT_TRUE(Accept(&window, UINT64_MAX - 1));
  EXPECT_FALSE(window.IsNew(SequenceNumber{UINT64_MAX}));
  EXPECT_FALSE(window.IsNew(SequenceNumber{UINT64_MAX - 1}));
  EXPECT_TRUE(Accept(&window, UINT64_MAX - 2));
}

//= rfc9147#section-4.5.1
//= type=test
//# Sequence number verification SHOULD be performed using the following
//# sliding window procedure, borrowed from Section 3.4.3 of [RFC4303].
TEST(ReplayWindow, AgreesWithASetOfNumbers) {
  std::mt19937_64 random(7);
  ReplayWindow window;
  std::set<uint64_t> seen;
  uint64_t next = 0;
  for (int i = 0; i < 50000; ++i) {
    const uint64_t back = random() % (kSize + 40);
    const uint64_t forward = random() % 100 == 0 ? random() % (3 * kSize) : random() % 3;
    const uint64_t number = next + forward < back ? 0 : next + forward - back;
    const bool expected = (number >= next || next - number <= kSize) && !seen.contains(number);
    ASSERT_EQ(Accept(&window, number), expected) << number << " of " << next;
    if (expected) seen.insert(number);
    if (number >= next) next = number + 1;
  }
}

}  // namespace
}  // namespace dtls13
