// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_hellos.h"

#include <gtest/gtest.h>

#include <memory>

#include "shim/testing/child.h"

namespace dtls13::shim {
namespace {

using std::chrono::milliseconds;

constexpr Instant kStart{std::chrono::seconds(100)};

CookieTag Tag(size_t number) {
  return {static_cast<uint8_t>(number), static_cast<uint8_t>(number >> 8)};
}

TEST(RecentHellosTest, LetsEachThroughOnce) {
  RecentHellos recent;
  EXPECT_TRUE(recent.LetThrough(Tag(1), kStart));
  EXPECT_FALSE(recent.LetThrough(Tag(1), kStart));
  EXPECT_TRUE(recent.LetThrough(Tag(2), kStart));
  EXPECT_FALSE(recent.LetThrough(Tag(1), kStart + RecentHellos::kMemory - Duration(1)));
}

TEST(RecentHellosTest, ForgetsInTime) {
  RecentHellos recent;
  EXPECT_TRUE(recent.LetThrough(Tag(1), kStart));
  // Being asked for makes nothing younger.
  EXPECT_FALSE(recent.LetThrough(Tag(1), kStart + RecentHellos::kMemory - milliseconds(1)));
  EXPECT_TRUE(recent.LetThrough(Tag(1), kStart + RecentHellos::kMemory));
  EXPECT_FALSE(recent.LetThrough(Tag(1), kStart + RecentHellos::kMemory));
}

TEST(RecentHellosTest, KeepsNoMoreThanItsBound) {
  RecentHellos recent;
  for (size_t i = 0; i <= RecentHellos::kMaxHellos; ++i) {
    EXPECT_TRUE(recent.LetThrough(Tag(i), kStart));
  }
  EXPECT_FALSE(recent.LetThrough(Tag(RecentHellos::kMaxHellos), kStart));
  EXPECT_FALSE(recent.LetThrough(Tag(1), kStart));
  EXPECT_TRUE(recent.LetThrough(Tag(0), kStart)) << "the oldest went";
}

// The client goes on with who was given it last.
TEST(RecentHellosTest, OnlyTheLastHoldGivesAClientBack) {
  const auto recent = std::make_shared<RecentHellos>();
  const Instant later = kStart + RecentHellos::kMemory;
  EXPECT_TRUE(recent->LetThrough(Tag(1), kStart));
  auto first = std::make_unique<LetThroughHello>(recent, Tag(1), kStart);
  EXPECT_TRUE(recent->LetThrough(Tag(1), later));
  auto second = std::make_unique<LetThroughHello>(recent, Tag(1), later);
  first.reset();
  EXPECT_FALSE(recent->LetThrough(Tag(1), later));
  second.reset();
  EXPECT_TRUE(recent->LetThrough(Tag(1), later));
}

// A server that forks for each client frees its own copy of the SSL, and the child's answers.
TEST(RecentHellosTest, AHoldFromBeforeAForkGivesNothingBack) {
  const auto recent = std::make_shared<RecentHellos>();
  EXPECT_TRUE(recent->LetThrough(Tag(1), kStart));
  auto hold = std::make_unique<LetThroughHello>(recent, Tag(1), kStart);
  EXPECT_TRUE(InChild([] { return true; }));
  hold.reset();
  EXPECT_FALSE(recent->LetThrough(Tag(1), kStart));
  EXPECT_TRUE(recent->LetThrough(Tag(2), kStart));
  hold = std::make_unique<LetThroughHello>(recent, Tag(2), kStart);
  hold.reset();
  EXPECT_TRUE(recent->LetThrough(Tag(2), kStart)) << "no fork since";
}

}  // namespace
}  // namespace dtls13::shim
