// SPDX-License-Identifier: Apache-2.0
// Datagram sizes: RFC 9147 sections 4.4 and 5.8.3.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/test_identity.h"

namespace dtls13::sim {
namespace {

// A server whose certificate takes many datagrams.
PairOptions LargeFlight(size_t mtu) {
  static const TestIdentity& identity =
      *new TestIdentity(TestIdentity::Make(KeyType::kEcdsaP256, /*padding_len=*/12000));
  PairOptions options = DefaultPairOptions();
  options.identity = &identity;
  options.client.mtu = options.server.mtu = mtu;
  return options;
}

size_t LargestSent(AssociationPair& pair, Direction direction, size_t from_index) {
  size_t largest = 0;
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction != direction || datagram.index < from_index) continue;
    largest = std::max(largest, datagram.bytes.size());
  }
  return largest;
}

//= rfc9147#section-4.4
//= type=test
//# If repeated retransmissions do not result in a response, and the PMTU is
//# unknown, subsequent retransmissions SHOULD back off to a smaller record
//# size, fragmenting the handshake message as appropriate.
TEST(PathMtuTest, APathThatDropsLargeDatagramsIsCrossedAfterLosses) {
  PairOptions options = LargeFlight(1200);
  options.impairment.mtu = 600;
  AssociationPair pair(options);
  EXPECT_TRUE(pair.RunUntilConnected()) << pair.link().Describe();
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

//= rfc9147#section-4.4
//= type=test
//# If the DTLS record layer informs the DTLS handshake layer that a message
//# is too big, the handshake layer SHOULD immediately attempt to fragment
//# the message, using any existing information about the PMTU.
TEST(PathMtuTest, ARefusedDatagramIsSentAgainAtOnceInSmallerPieces) {
  for (const size_t known_mtu : {size_t{0}, size_t{500}, size_t{300}}) {
    for (const size_t path_mtu : {size_t{1199}, size_t{560}, size_t{300}}) {
      if (known_mtu > path_mtu || (known_mtu == 0 && path_mtu < kMinMtu)) continue;
      AssociationPair pair(LargeFlight(1400));
      pair.link().SetFilter(
          [=](const SentDatagram& datagram) { return datagram.bytes.size() > path_mtu; });
      size_t num_seen = 0;
      while (!pair.server().connected && pair.now().time_since_epoch() < minutes(5)) {
        pair.RunFor(milliseconds(5));
        // The transport says so at once of each that it refuses.
        for (; num_seen < pair.link().log().size(); ++num_seen) {
          const SentDatagram& datagram = pair.link().log()[num_seen];
          if (!datagram.dropped) continue;
          Side& side =
              datagram.direction == Direction::kClientToServer ? pair.client() : pair.server();
          const size_t len = datagram.bytes.size();
          side.association->OnDatagramTooLarge(len, known_mtu, pair.now());
          EXPECT_LT(side.association->facts().mtu, len);
          pair.Flush(side);
        }
      }
      EXPECT_TRUE(pair.server().connected) << known_mtu << " " << path_mtu;
      EXPECT_LT(pair.now().time_since_epoch(), seconds(1)) << "without a timeout";
    }
  }
}

TEST(PathMtuTest, OnDatagramTooLargeNeverRaisesTheMtuNorGoesBelowTheLeast) {
  AssociationPair pair(LargeFlight(1000));
  Association& client = *pair.client().association;
  client.OnDatagramTooLarge(2000, 1500, pair.now());
  EXPECT_EQ(client.facts().mtu, 1000u);
  client.OnDatagramTooLarge(1000, 0, pair.now());
  EXPECT_EQ(client.facts().mtu, 548u);
  client.OnDatagramTooLarge(548, 0, pair.now());
  EXPECT_EQ(client.facts().mtu, kMinMtu);
  client.OnDatagramTooLarge(kMinMtu, 0, pair.now());
  EXPECT_EQ(client.facts().mtu, kMinMtu);
  pair.Flush(pair.client());
  EXPECT_TRUE(pair.RunUntilConnected());
}

// What a socket reports with a datagram may be what ICMP said of an earlier one.
TEST(PathMtuTest, ARefusedDatagramThatFitsTheKnownMtuSaysNothingOfItsOwnLength) {
  AssociationPair pair(LargeFlight(1400));
  ASSERT_TRUE(pair.RunUntilConnected());
  Association& client = *pair.client().association;
  client.OnDatagramTooLarge(40, 1452, pair.now());
  EXPECT_EQ(client.facts().mtu, 1400u);
  client.OnDatagramTooLarge(40, 0, pair.now());
  client.OnDatagramTooLarge(kMinMtu, 0, pair.now());
  EXPECT_EQ(client.facts().mtu, 1400u);
  client.OnDatagramTooLarge(40, 672, pair.now());
  EXPECT_EQ(client.facts().mtu, 672u);
  client.OnDatagramTooLarge(672, 672, pair.now());
  EXPECT_EQ(client.facts().mtu, 672u);
  client.SetMtu(1400);
  EXPECT_EQ(client.facts().mtu, 1400u) << "what fell may rise again";
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

//= rfc9147#section-4.4
//= type=test
//# The DTLS record layer SHOULD NOT interfere with upper layer protocols
//# performing PMTU discovery, whether via [RFC1191] and [RFC4821] for IPv4
//# or via [RFC8201] for IPv6.
TEST(PathMtuTest, TheMtuMayShrinkAndGrowInMidHandshake) {
  AssociationPair pair(LargeFlight(1200));
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient;
  });
  pair.RunFor(milliseconds(500));
  const size_t first = pair.link().num_sent(Direction::kServerToClient);
  EXPECT_GT(LargestSent(pair, Direction::kServerToClient, 0), 1100u);
  pair.server().association->SetMtu(kMinMtu);
  pair.RunFor(seconds(3));
  const size_t second = pair.link().num_sent(Direction::kServerToClient);
  ASSERT_GT(second, first);
  EXPECT_LE(LargestSent(pair, Direction::kServerToClient, first), kMinMtu);
  pair.server().association->SetMtu(500);
  pair.link().SetFilter(nullptr);
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_LE(LargestSent(pair, Direction::kServerToClient, second), 500u);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

//= rfc9147#section-4.4
//= type=test
//# The DTLS record layer SHOULD also allow the upper layer protocol to
//# discover the amount of record expansion expected by the DTLS
//# processing; alternately, it MAY report PMTU estimates minus the
//# estimated expansion from the transport layer and DTLS record framing.
TEST(PathMtuTest, MaxPlaintextFillsADatagramExactly) {
  for (const bool small_headers : {false, true}) {
    PairOptions options = DefaultPairOptions();
    options.client.omit_length = options.client.short_numbers = small_headers;
    AssociationPair pair(options);
    Association& client = *pair.client().association;
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunFor(seconds(5));
    Bytes out(70000);
    size_t len = 0;
    for (const size_t mtu : {kMinMtu, size_t{1200}, size_t{9000}}) {
      client.SetMtu(mtu);
      ASSERT_EQ(client.Seal(Bytes(client.MaxPlaintext()), out, &len), SendResult::kSealed);
      EXPECT_EQ(len, mtu);
    }
    client.SetMtu(65535);
    EXPECT_EQ(client.MaxPlaintext(), kMaxPlaintextLen);
  }
}

// A peer that acknowledges nothing before it has everything still gets it, ten records at a time,
// if its address is proved.
//= rfc9147#section-5.8.3
//= type=test
//# DTLS stacks SHOULD NOT send more than 10 records in a single
//# transmission.
TEST(PathMtuTest, ALongFlightReachesAPeerThatNeverAcknowledgesPartsOfIt) {
  constexpr size_t kMaxBurst = 10;
  PairOptions options = LargeFlight(kMinMtu);
  options.server.handshake.server.require_cookie = true;
  AssociationPair pair(options);
  pair.link().SetFilter([&pair](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer && datagram.index > 2 &&
           !pair.client().connected;
  });
  ASSERT_TRUE(pair.RunUntilConnected()) << pair.link().Describe();
  std::map<Instant, size_t> bursts;
  std::vector<Instant> from_client;
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == Direction::kServerToClient) {
      ++bursts[datagram.at];
    } else {
      from_client.push_back(datagram.at);
    }
  }
  // What arrived is the first hello and the second, with the cookie, in two datagrams.
  ASSERT_GT(from_client.size(), 2u);
  EXPECT_EQ(from_client[1], from_client[2]) << pair.link().Describe();
  EXPECT_GT(pair.link().num_sent(Direction::kServerToClient), 5 * kMaxBurst);
  for (const auto& [at, num] : bursts) EXPECT_LE(num, kMaxBurst);
  // Twelve KB in datagrams of 256 bytes took no second round.
  EXPECT_LT(pair.link().num_sent(Direction::kServerToClient), 80u);
}

}  // namespace
}  // namespace dtls13::sim
