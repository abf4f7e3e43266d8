// SPDX-License-Identifier: Apache-2.0
// A client that closes with its query has its answer, and the responder is rid of it; what an
// attacker gains by that, which is nothing.

#include "tools/query/exchange.h"

#include <gtest/gtest.h>

#include <numeric>

namespace dtls13::query {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ExchangeOptions kPath = {};

Duration Sum(const std::vector<Duration>& times) {
  return std::accumulate(times.begin(), times.end(), Duration::zero());
}

TEST(ExchangeTest, AnEarlyCloseGetsTheWholeAnswer) {
  ExchangeWorld world(kPath);
  const Asker& asker = world.AddClient(ClosingOrder::kEarly);
  world.RunFor(seconds(1));
  EXPECT_TRUE(asker.done());
  EXPECT_FALSE(asker.answer().empty()) << asker.failure();
  // A round trip for the cookie, one for the handshake, one for the query.
  EXPECT_EQ(asker.total_time(), 3 * kPath.round_trip + kPath.resolver_time);
  EXPECT_EQ(asker.answer_time(), kPath.round_trip + kPath.resolver_time);
  EXPECT_EQ(world.responder().num_clients(), 0u);
  EXPECT_EQ(world.responder().counters().released, 1u);
}

// By what the answer takes to the client, and the client's closing back.
TEST(ExchangeTest, TheServerHoldsItARoundTripShorter) {
  Duration held[2];
  for (const ClosingOrder order : {ClosingOrder::kEarly, ClosingOrder::kOrdinary}) {
    ExchangeWorld world(kPath);
    world.AddClient(order);
    world.RunUntilReleased();
    ASSERT_EQ(world.held().size(), 1u);
    EXPECT_EQ(world.responder().counters().released, 1u);
    held[static_cast<size_t>(order)] = world.held()[0];
  }
  EXPECT_EQ(held[0], kPath.round_trip + kPath.resolver_time)
      << "from the second hello to the answer";
  EXPECT_EQ(held[1] - held[0], kPath.round_trip);
}

// The closing's datagram comes before the query's.
TEST(ExchangeTest, AClosingThatOvertakesTheQueryDoesNotLoseIt) {
  ExchangeWorld world(kPath);
  world.DelayNextQuery(milliseconds(50));
  const Asker& asker = world.AddClient(ClosingOrder::kEarly);
  world.RunFor(seconds(1));
  EXPECT_FALSE(asker.answer().empty()) << asker.failure();
  EXPECT_EQ(world.responder().counters().released, 1u);
}

TEST(ExchangeTest, WhoAsksNothingIsReleasedSoon) {
  ExchangeWorld world(kPath);
  world.DelayNextQuery(seconds(1000));
  const Asker& asker = world.AddClient(ClosingOrder::kEarly);
  world.RunUntilReleased();
  EXPECT_TRUE(asker.answer().empty());
  EXPECT_TRUE(asker.may_try_again());
  ASSERT_EQ(world.held().size(), 1u);
  EXPECT_EQ(world.held()[0], kPath.round_trip + Responder::kReorderGrace);
}

// Attackers make an association each, ask, and vanish; those of the one kind close first. They have
// addresses of their own, or there is no association at all.
TEST(ExchangeTest, WhoClosesEarlyAndVanishesCostsNoMoreThanWhoOnlyVanishes) {
  constexpr size_t kNumAttackers = 50;
  Duration held[2];
  size_t max_queries[2];
  uint64_t bytes_out[2];
  for (const ClosingOrder order : {ClosingOrder::kEarly, ClosingOrder::kOrdinary}) {
    ExchangeWorld world(kPath);
    for (size_t i = 0; i < kNumAttackers; ++i) world.AddClient(order);
    // Their queries and closings arrive, and nobody hears the answers.
    world.RunFor(kPath.round_trip * 5 / 2 + milliseconds(1));
    world.SilenceClients();
    world.RunUntilReleased();
    ASSERT_EQ(world.held().size(), kNumAttackers);
    EXPECT_EQ(world.responder().counters().queries, kNumAttackers);
    held[static_cast<size_t>(order)] = Sum(world.held());
    max_queries[static_cast<size_t>(order)] = world.max_queries();
    bytes_out[static_cast<size_t>(order)] = world.server().counters().bytes_out;
    // And a client after them is served as ever.
    const Asker& asker = world.AddClient(ClosingOrder::kEarly);
    world.RunFor(seconds(1));
    EXPECT_FALSE(asker.answer().empty()) << asker.failure();
  }
  EXPECT_LE(max_queries[0], max_queries[1]);
  EXPECT_LE(bytes_out[0], bytes_out[1]);
  EXPECT_GT(held[1], kNumAttackers * kPath.idle_timeout);
  EXPECT_EQ(held[0], kNumAttackers * (kPath.round_trip + kPath.resolver_time))
      << "no more than an honest client";
}

// Half of them are not even heard to ask: the closing arrives alone.
TEST(ExchangeTest, LossMakesNothingStay) {
  for (const ClosingOrder order : {ClosingOrder::kEarly, ClosingOrder::kOrdinary}) {
    ExchangeOptions options = kPath;
    options.loss = 0.3;
    ExchangeWorld world(options);
    for (size_t i = 0; i < 50; ++i) world.AddClient(order);
    world.RunUntilReleased();
    EXPECT_EQ(world.responder().num_clients(), 0u);
    EXPECT_GT(world.responder().counters().answered, 0u);
  }
}

}  // namespace
}  // namespace dtls13::query
