// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/anti_replay.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kBegin{seconds(1'000'000)};

// An id that differs from others in its last byte alone.
std::vector<uint8_t> Id(uint8_t last, size_t len = 32) {
  std::vector<uint8_t> id(len, 7);
  id.back() = last;
  return id;
}

EarlyDataReplayGuard::Claim ClaimAt(const std::vector<uint8_t>& id, WallTime now) {
  return {.id = id, .not_before = now - seconds(10), .not_after = now + seconds(10)};
}

TEST(RecentClaims, TakesAClaimOnce) {
  RecentClaims claims(kBegin);
  const WallTime now = kBegin + seconds(60);
  const auto first = Id(1);
  const auto second = Id(2);
  EXPECT_TRUE(claims.TryClaim(ClaimAt(first, now), now));
  EXPECT_FALSE(claims.TryClaim(ClaimAt(first, now), now));
  EXPECT_TRUE(claims.TryClaim(ClaimAt(second, now), now));
  EXPECT_FALSE(claims.TryClaim(ClaimAt(first, now + seconds(10)), now + seconds(10)));
}

TEST(RecentClaims, ForgetsWhatCannotBeClaimedAnyMore) {
  RecentClaims claims(kBegin);
  WallTime now = kBegin + seconds(60);
  for (uint8_t i = 0; i < 100; ++i) {
    const auto id = Id(i);
    ASSERT_TRUE(claims.TryClaim(ClaimAt(id, now), now));
    now += seconds(1);
  }
  EXPECT_LE(claims.num_claims(), 12u);
}

TEST(RecentClaims, AClockThatIsSetBackMakesNothingFreshAgain) {
  RecentClaims claims(kBegin);
  const WallTime now = kBegin + seconds(60);
  const auto first = Id(1);
  const auto second = Id(2);
  ASSERT_TRUE(claims.TryClaim(ClaimAt(first, now), now));
  ASSERT_TRUE(claims.TryClaim(ClaimAt(second, now + seconds(100)), now + seconds(100)));
  EXPECT_EQ(claims.num_claims(), 1u);
  EXPECT_FALSE(claims.TryClaim(ClaimAt(first, now), now));
}

//= rfc8446#section-8.2
//= type=test
//# When implementations are freshly started, they SHOULD reject 0-RTT as
//# long as any portion of their recording window overlaps the startup
//# time.
TEST(RecentClaims, RefusesWhatItCouldHaveForgotten) {
  RecentClaims claims(kBegin);
  const auto id = Id(1);
  EXPECT_FALSE(claims.TryClaim(ClaimAt(id, kBegin), kBegin));
  EXPECT_FALSE(claims.TryClaim(ClaimAt(id, kBegin + seconds(10)), kBegin + seconds(10)));
  EXPECT_TRUE(claims.TryClaim(ClaimAt(id, kBegin + seconds(11)), kBegin + seconds(11)));
}

TEST(RecentClaims, RefusesWhatIsOver) {
  RecentClaims claims(kBegin);
  const auto id = Id(1);
  EXPECT_FALSE(claims.TryClaim(ClaimAt(id, kBegin + seconds(60)), kBegin + seconds(71)));
}

TEST(RecentClaims, RefusesEverythingWhileItIsFull) {
  RecentClaims claims(kBegin, /*capacity=*/2);
  WallTime now = kBegin + seconds(60);
  const auto first = Id(1);
  const auto second = Id(2);
  const auto third = Id(3);
  EXPECT_TRUE(claims.TryClaim(ClaimAt(first, now), now));
  EXPECT_TRUE(claims.TryClaim(ClaimAt(second, now), now));
  EXPECT_FALSE(claims.TryClaim(ClaimAt(third, now), now));
  EXPECT_EQ(claims.num_claims(), 2u);
  now += seconds(11);
  EXPECT_TRUE(claims.TryClaim(ClaimAt(third, now), now));
}

TEST(RecentClaims, RefusesAnIdThatTellsNothingApart) {
  RecentClaims claims(kBegin);
  const WallTime now = kBegin + seconds(60);
  const auto id = Id(1, 15);
  EXPECT_FALSE(claims.TryClaim(ClaimAt(id, now), now));
}

TEST(RecentClaims, OfManyThreadsOneSucceeds) {
  RecentClaims claims(kBegin);
  const WallTime now = kBegin + seconds(60);
  std::atomic<int> num_taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint8_t j = 0; j < 200; ++j) {
        const auto id = Id(j);
        num_taken += claims.TryClaim(ClaimAt(id, now), now);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_taken, 200);
}

//= rfc8446#section-8.3
//= type=test
//# When a new ClientHello is received, the expected_arrival_time is then
//# compared against the current server wall clock time and if they
//# differ by more than a certain amount, 0-RTT is rejected, though the
//# 1-RTT handshake can be allowed to complete.
TEST(IsFresh, ComparesTheTwoViewsOfATicketsAge) {
  const WallTime issued = kBegin;
  const WallTime now = kBegin + seconds(3600);
  EXPECT_TRUE(IsFresh(milliseconds(3'600'000), issued, now, seconds(10)));
  EXPECT_TRUE(IsFresh(milliseconds(3'590'000), issued, now, seconds(10)));
  EXPECT_FALSE(IsFresh(milliseconds(3'589'999), issued, now, seconds(10)));
  EXPECT_TRUE(IsFresh(milliseconds(3'610'000), issued, now, seconds(10)));
  EXPECT_FALSE(IsFresh(milliseconds(3'610'001), issued, now, seconds(10)));
  EXPECT_FALSE(IsFresh(milliseconds(UINT32_MAX), issued, now, seconds(10)));
}

}  // namespace
}  // namespace dtls13
