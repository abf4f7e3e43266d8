// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/retransmit_timer.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Instant At(int64_t ms) { return Instant(milliseconds(ms)); }

TEST(RetransmitTimer, StartsStopped) {
  RetransmitTimer timer({});
  EXPECT_FALSE(timer.running());
  EXPECT_FALSE(timer.deadline());
  EXPECT_FALSE(timer.HandleTimeout(At(1'000'000)));
  EXPECT_EQ(timer.num_expiries(), 0u);
  EXPECT_EQ(timer.value(), seconds(1));
}

TEST(RetransmitTimer, DoublesFromOneSecondToSixty) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  //= rfc9147#section-5.8.2
  //= type=test
  //# Unless implementations have deployment-specific and/or external
  //# information about the round trip time, implementations SHOULD use an
  //# initial timer value of 1000 ms and double the value at each
  //# retransmission, up to no less than 60 seconds (the maximum as
  //# specified in RFC 6298 [RFC6298]).
  Instant now = At(0);
  for (const int value_s : {1, 2, 4, 8, 16, 32, 60, 60, 60}) {
    ASSERT_EQ(timer.deadline(), now + seconds(value_s));
    now = *timer.deadline();
    EXPECT_FALSE(timer.HandleTimeout(now - Duration(1)));
    EXPECT_TRUE(timer.HandleTimeout(now));
    EXPECT_FALSE(timer.HandleTimeout(now)) << "armed again from now";
  }
  EXPECT_EQ(timer.num_expiries(), 9u);
}

TEST(RetransmitTimer, ACallersValuesReplaceItsOwn) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_EQ(timer.report().num_starts, 1u);
  timer.Override(milliseconds(20));
  EXPECT_EQ(timer.report().value, milliseconds(20));
  EXPECT_EQ(timer.deadline(), At(20));
  EXPECT_TRUE(timer.HandleTimeout(At(25)));
  EXPECT_EQ(timer.report().num_expiries, 1u);
  timer.Override(milliseconds(5));
  EXPECT_EQ(timer.deadline(), At(30)) << "from the expiry";
  timer.OnAcked(At(28));
  timer.Override(milliseconds(7));
  EXPECT_FALSE(timer.running()) << "a value starts nothing";
  timer.Start(At(40));
  EXPECT_EQ(timer.report().num_starts, 2u);
  EXPECT_EQ(timer.report().num_expiries, 0u);
}

TEST(RetransmitTimer, PostponingForgetsNoExpiry) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(1'000)));
  timer.Postpone(At(1'500));
  EXPECT_EQ(timer.num_expiries(), 1u);
  EXPECT_EQ(timer.deadline(), At(3'500));
  timer.Restart(At(1'600));
  EXPECT_EQ(timer.num_expiries(), 0u);
}

TEST(RetransmitTimer, ALateTimeoutArmsFromNow) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(7'000)));
  EXPECT_EQ(timer.num_expiries(), 1u);
  EXPECT_EQ(timer.deadline(), At(9'000));
}

//= rfc9147#section-5.8.2
//= type=test
//# Application-specific profiles MAY recommend shorter or longer timer
//# values.
//= rfc9147#section-5.8.2
//= type=test
//# Profiles for specific deployment environments, such as in low-power,
//# multi-hop mesh scenarios as used in some Internet of Things (IoT)
//# networks, MAY specify longer timeouts.
//= rfc9147#section-5.8.2
//= type=test
//# Real-time protocols MAY specify shorter timeouts.
//= rfc9147#section-5.8.2
//= type=test
//# In settings where there is external information (for instance, from an
//# ICE [RFC8445] handshake, or from previous connections to the same
//# server) about the RTT, implementations SHOULD use 1.5 times that RTT
//# estimate as the retransmit timer.
TEST(RetransmitTimer, InitialAndMaximumAreSettable) {
  RetransmitTimer timer({.initial = milliseconds(400), .max = seconds(1)});
  timer.Start(At(0));
  EXPECT_EQ(timer.deadline(), At(400));
  EXPECT_TRUE(timer.HandleTimeout(At(400)));
  EXPECT_EQ(timer.value(), milliseconds(800));
  EXPECT_TRUE(timer.HandleTimeout(At(1'200)));
  EXPECT_EQ(timer.value(), seconds(1));
  EXPECT_TRUE(timer.HandleTimeout(At(2'200)));
  EXPECT_EQ(timer.value(), seconds(1));
}

TEST(RetransmitTimer, AnInitialValueAboveTheMaximumIsNotShortenedByExpiry) {
  RetransmitTimer timer({.initial = seconds(90), .max = seconds(60)});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(90'000)));
  EXPECT_EQ(timer.value(), seconds(90));
}

TEST(RetransmitTimer, ExhaustsAfterMaxExpiries) {
  RetransmitTimer timer({.max_expiries = 3});
  timer.Start(At(0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(timer.Exhausted());
    EXPECT_TRUE(timer.HandleTimeout(*timer.deadline()));
  }
  EXPECT_TRUE(timer.Exhausted());
  timer.Start(At(100'000));
  EXPECT_FALSE(timer.Exhausted());
}

TEST(RetransmitTimer, TakesOneAndAHalfMeasuredRoundTrips) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.OnAcked(At(200));
  EXPECT_FALSE(timer.running());
  //= rfc9147#section-5.8.2
  //= type=test
  //# Implementations SHOULD retain the current timer value until a message
  //# is transmitted and acknowledged without having to be retransmitted,
  //# at which time the value SHOULD be adjusted to 1.5 times the measured
  //# round trip time for that message.
  EXPECT_EQ(timer.value(), milliseconds(300));
  timer.Start(At(300));
  EXPECT_EQ(timer.deadline(), At(600));
}

TEST(RetransmitTimer, RetainsItsValueAfterARetransmission) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(1'000)));
  timer.OnAcked(At(1'100));
  EXPECT_EQ(timer.value(), seconds(2));
  timer.Start(At(1'200));
  EXPECT_EQ(timer.deadline(), At(3'200));
  timer.OnAcked(At(1'600));
  EXPECT_EQ(timer.value(), milliseconds(600)) << "this flight was sent once";
}

TEST(RetransmitTimer, AMeasuredRecordEndsTheBackOff) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(1'000)));
  EXPECT_TRUE(timer.HandleTimeout(At(3'000)));
  timer.OnRoundTrip(milliseconds(200));
  EXPECT_EQ(timer.value(), milliseconds(300));
  EXPECT_EQ(timer.deadline(), At(7'000)) << "it is armed as it was";
  timer.Restart(At(3'200));
  EXPECT_EQ(timer.deadline(), At(3'500));
  EXPECT_TRUE(timer.HandleTimeout(At(3'500)));
  EXPECT_EQ(timer.deadline(), At(4'100));
  timer.OnRoundTrip(milliseconds(1));
  EXPECT_EQ(timer.value(), RetransmitTimer::kFloor);
  timer.OnRoundTrip(seconds(1'000));
  EXPECT_EQ(timer.value(), seconds(60));
}

TEST(RetransmitTimer, ARestartedFlightMeasuresNothing) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.Restart(At(100));
  timer.OnAcked(At(200));
  EXPECT_EQ(timer.value(), seconds(1));
}

TEST(RetransmitTimer, AMeasuredValueKeepsToTheFloorAndTheMaximum) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.OnAcked(At(0));
  EXPECT_EQ(timer.value(), RetransmitTimer::kFloor);

  RetransmitTimer quick({.initial = milliseconds(10), .max = milliseconds(12)});
  quick.Start(At(0));
  quick.OnAcked(At(1));
  EXPECT_EQ(quick.value(), milliseconds(10)) << "a smaller initial value is its own floor";
  quick.Start(At(2));
  quick.OnAcked(At(11));
  EXPECT_EQ(quick.value(), milliseconds(12));
}

TEST(RetransmitTimer, WhatAStatelessAnswerTookMakesTheTimerOnlyLonger) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.OnAcked(At(1));
  timer.ExpectWork();
  timer.Start(At(1));
  EXPECT_EQ(timer.deadline(), At(1'001));

  RetransmitTimer slow({.initial = milliseconds(400)});
  slow.Start(At(0));
  slow.OnAcked(At(380));
  slow.ExpectWork();
  slow.Start(At(380));
  EXPECT_EQ(slow.deadline(), At(380 + 570));

  RetransmitTimer lossy({});
  lossy.Start(At(0));
  EXPECT_TRUE(lossy.HandleTimeout(At(1'000)));
  lossy.OnAcked(At(1'100));
  lossy.ExpectWork();
  EXPECT_EQ(lossy.value(), seconds(2));
}

TEST(RetransmitTimer, LongIdlenessRestoresTheInitialValue) {
  //= rfc9147#section-5.8.2
  //= type=test
  //# After a long period of idleness,
  //# no less than 10 times the current timer value, implementations MAY
  //# reset the timer to the initial value.
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.OnAcked(At(200));
  ASSERT_EQ(timer.value(), milliseconds(300));
  timer.Start(At(200 + 3'000 - 1));
  EXPECT_EQ(timer.value(), milliseconds(300)) << "not idle for long enough";
  timer.OnAcked(At(3'399));
  ASSERT_EQ(timer.value(), milliseconds(300));
  timer.Start(At(3'399 + 3'000));
  EXPECT_EQ(timer.value(), seconds(1));
}

TEST(RetransmitTimer, IdlenessCountsFromTheLastUseOfAStoppedTimer) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  EXPECT_TRUE(timer.HandleTimeout(At(1'000)));
  timer.Stop();
  timer.Start(At(20'999));
  EXPECT_EQ(timer.value(), seconds(2));
  timer.Stop();
  timer.Start(At(41'000));
  EXPECT_EQ(timer.value(), seconds(1));
}

// F5: the timer fires between two ACKs, or two numbers of one, that each bring progress.
TEST(RetransmitTimer, F5StateSurvivesAnExpiryBetweenPartialAcks) {
  RetransmitTimer timer({});
  timer.Start(At(0));
  timer.Restart(At(400));  // a partial ACK
  EXPECT_EQ(timer.deadline(), At(1'400));
  EXPECT_FALSE(timer.HandleTimeout(At(1'000))) << "the deadline before the ACK is void";
  EXPECT_TRUE(timer.HandleTimeout(At(1'400)));
  EXPECT_EQ(timer.num_expiries(), 1u);
  timer.Restart(At(1'500));  // another
  EXPECT_EQ(timer.num_expiries(), 0u);
  EXPECT_EQ(timer.value(), seconds(2)) << "backed off as far as before";
  EXPECT_EQ(timer.deadline(), At(3'500));
  timer.OnAcked(At(1'600));
  EXPECT_FALSE(timer.running());
  //= rfc9147#section-7.2
  //= type=test
  //# Once all the messages in a flight have been acknowledged, the
  //# implementation MUST cancel all retransmissions of that flight.
  EXPECT_FALSE(timer.HandleTimeout(At(1'000'000)));
}

TEST(RetransmitTimer, AnAcknowledgementWhileStoppedChangesNothing) {
  RetransmitTimer timer({});
  timer.OnAcked(At(5));
  EXPECT_EQ(timer.value(), seconds(1));
  timer.Start(At(10));
  timer.Stop();
  timer.OnAcked(At(20));
  EXPECT_EQ(timer.value(), seconds(1));
}

}  // namespace
}  // namespace dtls13
