// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/hello_rate.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Bytes Host(uint32_t number) {
  return {static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
          static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
}

// How many of `tries` hellos of one host pass at one time.
size_t NumTaken(HelloRate* rate, const Bytes& host, size_t tries, Instant now,
                bool may_have_cookie = false) {
  size_t num = 0;
  for (size_t i = 0; i < tries; ++i) {
    if (rate->TryTake(host, may_have_cookie, now)) ++num;
  }
  return num;
}

TEST(HelloRateTest, ZeroIsNoBound) {
  HelloRate rate(0, 0, 1);
  EXPECT_EQ(NumTaken(&rate, Host(1), 100000, Instant(seconds(5))), 100000u);
}

TEST(HelloRateTest, AHostHasItsRateAndTwoSecondsOfItAtOnce) {
  HelloRate rate(10, 0, 1);
  Instant now(seconds(100));
  EXPECT_EQ(NumTaken(&rate, Host(1), 100, now), 20u);
  now += milliseconds(500);
  EXPECT_EQ(NumTaken(&rate, Host(1), 100, now), 5u);
  now += seconds(60);
  EXPECT_EQ(NumTaken(&rate, Host(1), 100, now), 20u);
}

TEST(HelloRateTest, AFloodOfOneHostHoldsUpNoOther) {
  HelloRate rate(10, 0, 1);
  const Instant now(seconds(100));
  EXPECT_EQ(NumTaken(&rate, Host(0), 1000, now), 20u);
  for (uint32_t host = 1; host <= 200; ++host) {
    ASSERT_EQ(NumTaken(&rate, Host(host), 2, now), 2u) << host;
  }
}

TEST(HelloRateTest, AllTogetherHaveABoundThatThoseWithACookieDoNotShare) {
  HelloRate rate(0, 100, 1);
  const Instant now(seconds(100));
  size_t num = 0;
  for (uint32_t host = 0; host < 1000; ++host) num += NumTaken(&rate, Host(host), 1, now);
  EXPECT_EQ(num, 200u);
  EXPECT_EQ(NumTaken(&rate, Host(1), 1000, now, /*may_have_cookie=*/true), 200u);
  EXPECT_EQ(NumTaken(&rate, Host(1), 1000, now + seconds(1)), 100u);
}

// Whoever is held back by the bound on all has not used up his own.
TEST(HelloRateTest, WhatIsRefusedIsNotCounted) {
  HelloRate rate(10, 5, 1);
  Instant now(seconds(100));
  EXPECT_EQ(NumTaken(&rate, Host(1), 1000, now), 10u);
  now += seconds(2);
  EXPECT_EQ(NumTaken(&rate, Host(2), 1000, now), 10u);
  EXPECT_EQ(NumTaken(&rate, Host(1), 1000, now), 0u);
  now += seconds(2);
  EXPECT_EQ(NumTaken(&rate, Host(1), 1000, now), 10u);
}

}  // namespace
}  // namespace dtls13
