// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_hellos.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace dtls13::shim
