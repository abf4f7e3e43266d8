// Handshakes over links that lose, reorder, repeat and damage datagrams, in virtual time.

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

struct Variant {
  const char* name;
  bool require_cookie;  // a HelloRetryRequest for the cookie
  bool retry_group;     // a HelloRetryRequest for the group
};

constexpr Variant kVariants[] = {
    {"full", false, false},
    {"cookie", true, false},
    {"group", false, true},
    {"cookie_and_group", true, true},
};

PairOptions OptionsFor(const Variant& variant, uint64_t seed) {
  PairOptions options = DefaultPairOptions(seed);
  options.server.handshake.require_cookie = variant.require_cookie;
  if (variant.retry_group) {
    options.client.handshake.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
    options.server.handshake.groups = {NamedGroup::kSecp256r1};
  }
  // Small datagrams make a flight of several.
  options.client.mtu = 400;
  options.server.mtu = 400;
  return options;
}

// Counts datagrams over both directions in the order they were sent.
class DropSet {
 public:
  explicit DropSet(std::set<size_t> ordinals) : ordinals_(std::move(ordinals)) {}
  bool operator()(const SentDatagram&) { return ordinals_.count(next_++) > 0; }

 private:
  std::set<size_t> ordinals_;
  size_t next_ = 0;
};

size_t DatagramsWithoutLoss(const Variant& variant) {
  AssociationPair pair(OptionsFor(variant, 1));
  EXPECT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  return pair.link().log().size();
}

void ExpectCompletesDespite(const Variant& variant, const std::set<size_t>& dropped) {
  AssociationPair pair(OptionsFor(variant, 1));
  // The first datagram is on the link already: the client sends it when it is made.
  pair.link().SetFilter(DropSet(dropped));
  std::string which;
  for (size_t ordinal : dropped) which += " " + std::to_string(ordinal);
  ASSERT_TRUE(pair.RunUntilConnected()) << variant.name << " without datagrams" << which;
  EXPECT_TRUE(pair.DataFlowsBothWays()) << variant.name << " without datagrams" << which;
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.client().association->HasUnacked()) << variant.name << which;
  EXPECT_FALSE(pair.server().association->HasUnacked()) << variant.name << which;
}

class LossTest : public testing::TestWithParam<Variant> {};

// F7: every single handshake datagram of either side is lost once.
TEST_P(LossTest, F7CompletesWithoutAnyOneDatagram) {
  const size_t num = DatagramsWithoutLoss(GetParam());
  ASSERT_GE(num, 4u);
  for (size_t i = 0; i < num; ++i) ExpectCompletesDespite(GetParam(), {i});
}

// F7: every pair, retransmissions included.
TEST_P(LossTest, F7CompletesWithoutAnyTwoDatagrams) {
  const size_t num = DatagramsWithoutLoss(GetParam()) + 4;
  for (size_t i = 0; i < num; ++i) {
    for (size_t j = i + 1; j < num; ++j) ExpectCompletesDespite(GetParam(), {i, j});
  }
}

TEST_P(LossTest, CompletesOverManySeedsOfMixedImpairment) {
  constexpr uint64_t kSeeds = 500;  // for each of the four variants
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PairOptions options = OptionsFor(GetParam(), seed);
    options.client.retransmit.max_expiries = 40;
    options.server.retransmit.max_expiries = 40;
    options.impairment = {.loss = 20, .duplicate = 10, .corrupt = 0, .reorder = 30};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected(std::chrono::hours(2))) << "seed " << seed;
    ASSERT_TRUE(pair.DataFlowsBothWays()) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, LossTest, testing::ValuesIn(kVariants),
                         [](const auto& info) { return std::string(info.param.name); });

// Damaged plaintext can end a handshake (RFC 9147bis section 4.5.2); it must end it cleanly, and
// damaged protected records must change nothing.
TEST(CorruptionTest, DamageNeverDoesMoreThanEndAHandshake) {
  constexpr uint64_t kSeeds = 500;
  size_t num_connected = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    PairOptions options = OptionsFor(kVariants[seed % 4], seed);
    options.impairment = {.loss = 5, .duplicate = 5, .corrupt = 10, .reorder = 20};
    AssociationPair pair(options);
    if (pair.RunUntilConnected(std::chrono::minutes(30))) {
      ++num_connected;
      EXPECT_TRUE(pair.DataFlowsBothWays()) << "seed " << seed;
    }
  }
  EXPECT_GT(num_connected, kSeeds / 2);
}

}  // namespace
}  // namespace dtls13::sim
