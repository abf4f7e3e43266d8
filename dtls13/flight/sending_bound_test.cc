// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/sending_bound.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

SendingBound Imposed(size_t received) {
  SendingBound bound;
  bound.Impose();
  bound.OnReceived(received);
  return bound;
}

TEST(SendingBound, BoundsNothingUnlessImposed) {
  SendingBound bound;
  EXPECT_EQ(bound.Room(/*is_new=*/false), SIZE_MAX);
  bound.OnSent(1'000, /*is_new=*/false);
  EXPECT_EQ(bound.Room(/*is_new=*/false), SIZE_MAX);
}

//= rfc9147#section-5.1
//= type=test
//# A server SHOULD limit the amount of data it sends toward a client
//# address to three times the amount of data sent by the client before it
//# verifies that the client is able to receive data at that address.
TEST(SendingBound, RepetitionsComeToThreeTimesWhatWasReceived) {
  SendingBound bound = Imposed(100);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 300u);
  bound.OnSent(200, /*is_new=*/false);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 100u);
  bound.OnReceived(10);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 130u);
  bound.OnSent(131, /*is_new=*/false);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 0u);
}

TEST(SendingBound, WhatDidNotLeaveIsNotCounted) {
  SendingBound bound = Imposed(100);
  bound.OnSent(1'200, /*is_new=*/true);
  bound.OnRefused(1'200);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 1'500u) << "it leaves in pieces";
}

TEST(SendingBound, AFlightOfOneBurstLeavesOnce) {
  SendingBound bound = Imposed(100);
  for (uint32_t i = 0; i < kMaxBurstRecords; ++i) {
    ASSERT_EQ(bound.Room(/*is_new=*/true), SIZE_MAX);
    bound.OnSent(1'200, /*is_new=*/true);
  }
  EXPECT_EQ(bound.Room(/*is_new=*/true), 300u) << "what is longer counts";
  EXPECT_EQ(bound.Room(/*is_new=*/false), 300u);
  bound.OnSent(300, /*is_new=*/true);
  EXPECT_EQ(bound.Room(/*is_new=*/true), 0u);
}

TEST(SendingBound, AServersOwnTimerUsesHalfOfWhatIsLeft) {
  SendingBound bound = Imposed(200);
  bound.OnTimeout();
  EXPECT_EQ(bound.Room(/*is_new=*/false), 300u);
  bound.OnSent(300, /*is_new=*/false);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 0u);
  bound.OnTimeout();
  EXPECT_EQ(bound.Room(/*is_new=*/false), 150u);
  bound.OnReceived(10);
  EXPECT_EQ(bound.Room(/*is_new=*/false), 330u) << "all of it once the peer is heard";
}

TEST(SendingBound, IsLiftedAndBeginsAnew) {
  SendingBound bound = Imposed(100);
  bound.OnSent(1'000, /*is_new=*/true);
  bound.Reset();
  EXPECT_EQ(bound.Room(/*is_new=*/false), 0u) << "another address has sent nothing";
  EXPECT_EQ(bound.Room(/*is_new=*/true), SIZE_MAX);
  bound.Lift();
  EXPECT_EQ(bound.Room(/*is_new=*/false), SIZE_MAX);
}

}  // namespace
}  // namespace dtls13
