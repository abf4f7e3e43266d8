// SPDX-License-Identifier: Apache-2.0
// Every scenario over links that lose, reorder, repeat and damage datagrams, in virtual time.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/association_pair.h"
#include "tests/sim/scenario.h"

namespace dtls13::sim {
namespace {

// LossCase is a scenario as it is spoken by a wire profile.
struct LossCase {
  Scenario scenario;
  WireProfile profile;
};

std::vector<LossCase> LossCases(const WireProfile& profile) {
  std::vector<LossCase> cases;
  for (const Scenario& scenario : ScenariosOf(profile)) cases.push_back({scenario, profile});
  return cases;
}

PairOptions OptionsFor(const Scenario& scenario, uint64_t seed,
                       const WireProfile& profile = kRfc9147Profile) {
  PairOptions options = DefaultPairOptions(seed, profile);
  scenario.configure(&options);
  // Small datagrams make a flight of several.
  options.client.mtu = 400;
  options.server.mtu = 400;
  return options;
}

// DropSet counts datagrams over both directions in the order they were sent.
class DropSet {
 public:
  explicit DropSet(std::set<size_t> ordinals) : ordinals_(std::move(ordinals)) {}
  bool operator()(const SentDatagram&) { return ordinals_.contains(next_++); }

 private:
  std::set<size_t> ordinals_;
  size_t next_ = 0;
};

// NumOfExchange runs the scenario, losing the datagrams `dropped` of those that are its own, and
// returns how many those were.
size_t NumOfExchange(const LossCase& loss_case, const std::set<size_t>& dropped) {
  const Scenario& scenario = loss_case.scenario;
  PairOptions options = OptionsFor(scenario, 1, loss_case.profile);
  if (scenario.start == nullptr) options.drop = DropSet(dropped);
  AssociationPair pair(std::move(options));
  size_t num_before = 0;
  if (scenario.start != nullptr) {
    EXPECT_TRUE(pair.RunUntilConnected());
    pair.RunUntilQuiet();
    num_before = pair.link().log().size();
    pair.link().SetFilter(DropSet(dropped));
    scenario.start(&pair);
  } else {
    (void)pair.RunUntilConnected();
  }
  pair.RunUntilQuiet();
  const size_t num = pair.link().log().size() - num_before;
  std::string which;
  for (size_t ordinal : dropped) which += " " + std::to_string(ordinal);
  EXPECT_EQ(FaultAtEnd(scenario, &pair), "")
      << scenario.name << " without datagrams" << which << "\n"
      << pair.link().Describe();
  return num;
}

class LossTest : public testing::TestWithParam<LossCase> {};

// F7: every single datagram of the exchange is lost once, in either direction, the first one too.
//= rfc9147#section-5.1
//= type=test
//# Clients MUST be prepared to do a cookie exchange with every handshake.
//= rfc9147#section-11
//= type=test
//# Clients MUST be prepared to do a cookie exchange with every handshake.
TEST_P(LossTest, F7CompletesWithoutAnyOneDatagram) {
  const size_t num = NumOfExchange(GetParam(), {});
  ASSERT_GE(num, 2u);
  for (size_t i = 0; i < num; ++i) NumOfExchange(GetParam(), {i});
}

// F7: every pair and every triple, what is sent again because of the first losses included. A
// triple that reaches behind the end of the exchange it makes adds nothing.
TEST_P(LossTest, F7CompletesWithoutAnyTwoOrThreeDatagrams) {
  const size_t num = NumOfExchange(GetParam(), {});
  for (size_t i = 0; i < num; ++i) {
    const size_t num_without_one = NumOfExchange(GetParam(), {i});
    for (size_t j = i + 1; j < num_without_one; ++j) {
      const size_t num_without_two = NumOfExchange(GetParam(), {i, j});
      for (size_t k = j + 1; k < num_without_two; ++k) {
        NumOfExchange(GetParam(), {i, j, k});
        if (HasFailure()) return;
      }
    }
  }
}

TEST_P(LossTest, CompletesOverManySeedsOfMixedImpairment) {
  constexpr uint64_t kSeeds = 400;  // for each scenario
  const Scenario& scenario = GetParam().scenario;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PairOptions options = OptionsFor(scenario, seed, GetParam().profile);
    options.client.retransmit.max_expiries = 40;
    options.server.retransmit.max_expiries = 40;
    // A Finished may be lost so often in a row that the server forgets how to read it by default.
    options.server.old_keys_lifetime = minutes(10);
    options.impairment = {.loss = 20, .duplicate = 10, .corrupt = 0, .reorder = 30};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected(std::chrono::hours(2))) << "seed " << seed;
    if (scenario.start != nullptr) scenario.start(&pair);
    ASSERT_EQ(FaultAtEnd(scenario, &pair), "") << "seed " << seed << "\n" << pair.link().Describe();
  }
}

// The rest of its flight waits at the client for the keys, so that nothing else is sent again.
TEST(ServerHelloTest, ALostServerHelloCostsItsDatagramOnly) {
  PairOptions options = OptionsFor(Scenarios()[0], 1);
  options.drop = [](const SentDatagram& sent) {
    return sent.direction == Direction::kServerToClient && sent.index == 0;
  };
  AssociationPair pair(std::move(options));
  const size_t num_of_flight = [] {
    AssociationPair unharmed(OptionsFor(Scenarios()[0], 1));
    unharmed.RunUntilConnected();
    return unharmed.link().num_sent(Direction::kServerToClient);
  }();
  ASSERT_GE(num_of_flight, 3u);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.link().num_sent(Direction::kServerToClient), num_of_flight + 1)
      << pair.link().Describe();
}

// The rest of the flight shows that it was sent: the client need not wait for its timer.
TEST(ServerHelloTest, ALostServerHelloIsAskedForBeforeTheTimer) {
  for (const bool has_cookie : {false, true}) {
    PairOptions options = OptionsFor(Scenarios()[0], 1);
    options.server.handshake.server.require_cookie = has_cookie;
    options.drop = [has_cookie](const SentDatagram& sent) {
      return sent.direction == Direction::kServerToClient && sent.index == (has_cookie ? 1 : 0);
    };
    AssociationPair pair(std::move(options));
    EXPECT_TRUE(pair.RunUntilConnected(milliseconds(200))) << has_cookie << "\n"
                                                           << pair.link().Describe();
    // A server that is known to speak DTLS 1.3 needs no more than an ACK.
    size_t num_hellos = 0;
    for (const SentDatagram& sent : pair.link().log()) {
      num_hellos += sent.direction == Direction::kClientToServer && sent.bytes[0] == 22;
    }
    EXPECT_EQ(num_hellos, 2u) << pair.link().Describe();
  }
}

// Anyone can send what shows that.
TEST(ServerHelloTest, AFloodBeforeTheServerHelloBringsFewHellos) {
  AssociationPair pair(OptionsFor(Scenarios()[0], 1));
  pair.link().SetFilter([](const SentDatagram&) { return true; });
  std::vector<uint8_t> forged(100, 7);
  forged[0] = 0x2e;
  for (int i = 0; i < 700; ++i) {
    pair.Inject(pair.client(), forged);
    pair.RunFor(milliseconds(1));
  }
  EXPECT_EQ(pair.link().num_sent(Direction::kClientToServer), 4u) << pair.link().Describe();
}

// What the timer waited for a ClientHello that was lost twice is not waited again for what follows:
// the number of the answer tells which one was answered, and so the round trip.
TEST(BackOffTest, EndsWithTheAnswer) {
  PairOptions options = DefaultPairOptions(1);
  options.drop = [](const SentDatagram& sent) {
    // The ClientHello twice, the Finished once.
    const bool from_client = sent.direction == Direction::kClientToServer;
    return from_client && (sent.index < 2 || sent.index == 4);
  };
  AssociationPair pair(std::move(options));
  pair.RunFor(seconds(3) - milliseconds(1));
  EXPECT_EQ(pair.link().num_sent(Direction::kClientToServer), 2u);
  EXPECT_TRUE(pair.RunUntilConnected(milliseconds(200))) << pair.link().Describe();
}

// The third ClientHello leaves twice, as four and more seconds of silence would follow it.
TEST(BackOffTest, ThreeLostHellosCostThreeSeconds) {
  PairOptions options = DefaultPairOptions(1);
  options.server.handshake.server.require_cookie = true;
  options.drop = [](const SentDatagram& sent) {
    return sent.direction == Direction::kClientToServer && sent.index < 3;
  };
  AssociationPair pair(std::move(options));
  EXPECT_TRUE(pair.RunUntilConnected(milliseconds(3'100))) << pair.link().Describe();
}

TEST(ServerHelloTest, ALateServerHelloCostsNothing) {
  PairOptions options = OptionsFor(Scenarios()[0], 1);
  std::vector<uint8_t> hello;
  options.drop = [&hello](const SentDatagram& sent) {
    if (sent.direction == Direction::kClientToServer || sent.index > 0) return false;
    hello = sent.bytes;
    return true;
  };
  AssociationPair pair(std::move(options));
  pair.RunFor(milliseconds(30));
  ASSERT_FALSE(hello.empty());
  const size_t num_sent = pair.link().num_sent(Direction::kServerToClient);
  pair.Inject(pair.client(), hello);
  ASSERT_TRUE(pair.RunUntilConnected());
  // Nothing but the ACK of the client's Finished.
  EXPECT_EQ(pair.link().num_sent(Direction::kServerToClient), num_sent + 1)
      << pair.link().Describe();
}

// Anyone can send what the client holds back for a ServerHello.
TEST(ServerHelloTest, AFloodBeforeTheServerHelloHarmsNothing) {
  AssociationPair pair(OptionsFor(Scenarios()[0], 1));
  for (uint8_t i = 0; i < 200; ++i) {
    std::vector<uint8_t> forged(700, i);
    forged[0] = 0x2e;
    pair.Inject(pair.client(), forged);
  }
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

constexpr auto kNameOfCase = [](const testing::TestParamInfo<LossCase>& info) {
  return std::string(info.param.scenario.name);
};
INSTANTIATE_TEST_SUITE_P(Rfc9147, LossTest, testing::ValuesIn(LossCases(kRfc9147Profile)),
                         kNameOfCase);
INSTANTIATE_TEST_SUITE_P(Draft26, LossTest, testing::ValuesIn(LossCases(kDraft26Profile)),
                         kNameOfCase);

class CorruptionTest : public testing::TestWithParam<WireProfile> {};

// Damaged plaintext can end a handshake (RFC 9147bis section 4.5.2); it must end it cleanly, and
// damaged protected records must change nothing.
//= rfc9147#section-11
//= type=test
//# Unlike TLS implementations, DTLS implementations SHOULD NOT respond to
//# invalid records by terminating the connection.
TEST_P(CorruptionTest, DamageNeverDoesMoreThanEndAHandshake) {
  constexpr uint64_t kSeeds = 500;
  const std::vector<Scenario> scenarios = ScenariosOf(GetParam());
  size_t num_connected = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PairOptions options = OptionsFor(scenarios[seed % scenarios.size()], seed, GetParam());
    options.impairment = {.loss = 5, .duplicate = 5, .corrupt = 10, .reorder = 20};
    AssociationPair pair(options);
    if (pair.RunUntilConnected(minutes(30))) {
      ++num_connected;
      EXPECT_TRUE(pair.DataFlowsBothWays()) << "seed " << seed;
    }
  }
  EXPECT_GT(num_connected, kSeeds / 2);
}

INSTANTIATE_TEST_SUITE_P(EveryProfile, CorruptionTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

}  // namespace
}  // namespace dtls13::sim
