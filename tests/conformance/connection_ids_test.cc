// SPDX-License-Identifier: Apache-2.0
// Connection IDs from end to end: RFC 9147 section 9.
#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

PairOptions Options(size_t client_len, size_t server_len, uint64_t seed = 1) {
  PairOptions options = DefaultPairOptions(seed);
  options.client.handshake.connection_ids.receive_len = client_len;
  options.server.handshake.connection_ids.receive_len = server_len;
  return options;
}

// Last returns the Connection ID of the last datagram sent in a direction, empty if it has none.
Bytes Last(AssociationPair& pair, Direction direction, size_t len) {
  const auto& log = pair.link().log();
  const auto last = std::find_if(log.rbegin(), log.rend(), [&](const SentDatagram& sent) {
    return sent.direction == direction;
  });
  if (last == log.rend()) return {};
  const auto id = FindConnectionId(last->bytes, len);
  return id ? Bytes(id->begin(), id->end()) : Bytes();
}

// Every protected record of a direction carries one of the reader's identifiers, or none carries
// any.
void ExpectEveryRecord(AssociationPair& pair, Direction direction, size_t len) {
  for (const SentDatagram& sent : pair.link().log()) {
    if (sent.direction != direction) continue;
    std::span<const uint8_t> rest(sent.bytes);
    while (!rest.empty()) {
      if (ClassifyRecord(rest[0]) == RecordKind::kCiphertext) {
        EXPECT_EQ(HasConnectionId(rest[0]), len > 0);
      }
      const size_t extent = RecordExtent(rest, len);
      ASSERT_GT(extent, 0u);
      rest = rest.subspan(extent);
    }
  }
}

TEST(ConnectionIds, EveryPairOfLengthsFromEpoch2On) {
  for (const size_t client_len : {0, 1, 8, 255}) {
    for (const size_t server_len : {0, 4, 255}) {
      AssociationPair pair(Options(client_len, server_len));
      ASSERT_TRUE(pair.RunUntilConnected());
      ASSERT_TRUE(pair.DataFlowsBothWays());
      //= rfc9147#section-4
      //= type=test
      //# If a Connection ID is negotiated, then it MUST be contained in all
      //# datagrams.
      ExpectEveryRecord(pair, Direction::kClientToServer, server_len);
      ExpectEveryRecord(pair, Direction::kServerToClient, client_len);
      EXPECT_EQ(pair.client().connection_ids.size(), client_len > 0 ? 1u : 0u);
      EXPECT_EQ(pair.server().connection_ids.size(), server_len > 0 ? 1u : 0u);
    }
  }
}

TEST(ConnectionIds, SurviveLossReorderingAndRetries) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    PairOptions options = Options(seed % 3 * 4, seed % 2 * 8, seed);
    options.server.handshake.server.require_cookie = seed % 5 == 0;
    options.impairment = {.loss = 15, .duplicate = 10, .reorder = 30};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed;
    EXPECT_TRUE(pair.DataFlowsBothWays()) << seed << "\n" << pair.link().Describe();
  }
}

TEST(ConnectionIds, F43ImmediateChange) {
  AssociationPair pair(Options(8, 8));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(1));
  const Bytes first = pair.server().connection_ids[0];
  ASSERT_TRUE(pair.Send(pair.client(), "old"));
  const Bytes late = pair.link().log().back().bytes;
  EXPECT_EQ(Last(pair, Direction::kClientToServer, 8), first);

  ASSERT_TRUE(
      pair.server().association->IssueConnectionIds(1, ConnectionIdUsage::kImmediate, pair.now()));
  pair.Flush(pair.server());
  pair.RunFor(seconds(1));
  ASSERT_TRUE(pair.Send(pair.client(), "new"));
  const Bytes second = Last(pair, Direction::kClientToServer, 8);
  EXPECT_NE(second, first);
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.server().received.size(), 2u);

  // What was under way is still taken for a while, and then no more.
  EXPECT_EQ(pair.server().connection_ids, (std::vector<Bytes>{first, second}));
  pair.RunFor(minutes(5));
  EXPECT_EQ(pair.server().connection_ids, std::vector<Bytes>{second});
  pair.Inject(pair.server(), late);
  EXPECT_EQ(pair.server().association->facts().records.num_dropped(DropReason::kConnectionId), 1u);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(ConnectionIds, F43RequestedSparesOverALossyLink) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    PairOptions options = Options(4, 8, seed);
    options.impairment = {.loss = 25, .duplicate = 10, .reorder = 20};
    options.client.handshake.connection_ids.min_spares = 3;
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed;
    pair.RunFor(minutes(2));
    EXPECT_EQ(pair.server().connection_ids.size(), 4u) << seed;
    EXPECT_FALSE(pair.server().association->facts().has_unacked);
    EXPECT_FALSE(pair.client().association->facts().has_unacked);
    EXPECT_TRUE(pair.DataFlowsBothWays()) << seed;
  }
}

TEST(ConnectionIds, RequestAndIssueSayWhatTheyDo) {
  AssociationPair pair(Options(8, 0));
  EXPECT_FALSE(pair.client().association->RequestConnectionIds(1, pair.now()));
  EXPECT_FALSE(pair.client().association->IssueConnectionIds(1, ConnectionIdUsage::kSpare, {}));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(1));
  Association& client = *pair.client().association;
  Association& server = *pair.server().association;
  EXPECT_FALSE(client.RequestConnectionIds(1, pair.now()));
  EXPECT_FALSE(server.IssueConnectionIds(1, ConnectionIdUsage::kSpare, pair.now()));
  EXPECT_TRUE(server.RequestConnectionIds(2, pair.now()));
  EXPECT_FALSE(server.RequestConnectionIds(2, pair.now()));
  pair.Flush(pair.server());
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.client().connection_ids.size(), 3u);
  EXPECT_TRUE(client.IssueConnectionIds(1, ConnectionIdUsage::kSpare, pair.now()));
  EXPECT_FALSE(client.IssueConnectionIds(1, ConnectionIdUsage::kSpare, pair.now()));
  pair.Flush(pair.client());
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.client().connection_ids.size(), 4u);
  client.Close();
  EXPECT_FALSE(client.IssueConnectionIds(1, ConnectionIdUsage::kSpare, pair.now()));
}

TEST(ConnectionIds, AcrossKeyUpdates) {
  AssociationPair pair(Options(8, 8));
  ASSERT_TRUE(pair.RunUntilConnected());
  for (int i = 0; i < 6; ++i) {
    pair.client().association->RequestKeyUpdate(/*request_peer=*/true, pair.now());
    // This waits for the KeyUpdate's acknowledgement.
    EXPECT_TRUE(pair.client().association->IssueConnectionIds(2, ConnectionIdUsage::kImmediate,
                                                              pair.now()));
    pair.Flush(pair.client());
    pair.RunFor(minutes(5));
    EXPECT_EQ(pair.client().connection_ids.size(), 2u);
    ASSERT_TRUE(pair.DataFlowsBothWays());
  }
}

class WithoutConnectionIds : public testing::TestWithParam<HandshakeType> {};

TEST_P(WithoutConnectionIds, F43TheirMessagesAreFatal) {
  PairOptions options = Options(0, 0);
  options.client.handshake.key_log = options.server.handshake.key_log = true;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(1));
  const Bytes body = GetParam() == HandshakeType::kRequestConnectionId ? Bytes{1} : Bytes{0, 0, 1};
  Bytes message(12 + body.size());
  message[0] = static_cast<uint8_t>(GetParam());
  message[3] = message[11] = static_cast<uint8_t>(body.size());
  message[5] = 2;  // after ClientHello and Finished
  std::copy(body.begin(), body.end(), message.begin() + 12);
  Forge forge(pair, pair.client());
  pair.Inject(pair.server(),
              forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, message));
  //= rfc9147#section-9
  //= type=test
  //# Endpoints MUST NOT send either of these messages if they did not
  //# negotiate a CID.  If an implementation receives these messages when
  //# CIDs were not negotiated, it MUST abort the connection with an
  //# "unexpected_message" alert.
  ASSERT_TRUE(pair.server().failure.has_value());
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kUnexpectedMessage);
}

INSTANTIATE_TEST_SUITE_P(Both, WithoutConnectionIds,
                         testing::Values(HandshakeType::kRequestConnectionId,
                                         HandshakeType::kNewConnectionId));

}  // namespace
}  // namespace dtls13::sim
