// SPDX-License-Identifier: Apache-2.0
// Associations of the wire profile of draft-ietf-tls-dtls13-26: that it is spoken to nobody else,
// and what of it shows only in a whole association.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

constexpr seconds kAge{100};

PairOptions Options() { return DefaultPairOptions(1, kDraft26Profile); }

// The first byte of each protected record that stands first in its datagram.
std::vector<uint8_t> FirstBytesOf(const AssociationPair& pair, Direction direction) {
  std::vector<uint8_t> bytes;
  for (const SentDatagram& sent : pair.link().log()) {
    if (sent.direction == direction) bytes.push_back(sent.bytes.front());
  }
  return bytes;
}

TEST(Draft26Test, ADefaultServerRefusesIt) {
  PairOptions options = Options();
  options.server.handshake.wire_profile = kRfc9147Profile;
  AssociationPair pair(options);
  EXPECT_FALSE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.server().failure);
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kProtocolVersion);
  pair.RunUntilQuiet();
  ASSERT_TRUE(pair.client().failure);
  EXPECT_EQ(pair.client().failure->alert(), AlertDescription::kProtocolVersion);
  EXPECT_TRUE(pair.client().failure_from_peer);
}

TEST(Draft26Test, ItsServerRefusesADefaultClient) {
  PairOptions options = Options();
  options.client.handshake.wire_profile = kRfc9147Profile;
  AssociationPair pair(options);
  EXPECT_FALSE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.server().failure);
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kProtocolVersion);
}

// A server that answers with a version nobody offered is refused by either client.
TEST(Draft26Test, AClientTakesNoOtherVersion) {
  for (const bool client_is_draft26 : {false, true}) {
    const WireProfile& ours = client_is_draft26 ? kDraft26Profile : kRfc9147Profile;
    AssociationPair pair(
        DefaultPairOptions(1, client_is_draft26 ? kRfc9147Profile : kDraft26Profile));
    ASSERT_TRUE(pair.RunUntilConnected());
    Bytes server_hello;
    for (const SentDatagram& sent : pair.link().log()) {
      if (sent.direction == Direction::kServerToClient && server_hello.empty()) {
        server_hello = sent.bytes;
      }
    }
    PairOptions options = DefaultPairOptions(1, ours);
    options.drop = [](const SentDatagram&) { return true; };
    AssociationPair deceived(options);
    deceived.Inject(deceived.client(), server_hello);
    ASSERT_TRUE(deceived.client().failure);
    EXPECT_EQ(deceived.client().failure->alert(), AlertDescription::kIllegalParameter);
  }
}

//= draft-ietf-tls-dtls13-26#section-5.6.2
//= type=test
//# Implementations SHOULD use an initial timer value
//# of 100 msec (the minimum defined in RFC 6298 [RFC6298]) and double
//# the value at each retransmission, up to no less than the RFC 6298
//# maximum of 60 seconds.
TEST(Draft26Test, TheTimerBeginsWith100Milliseconds) {
  PairOptions options = Options();
  options.drop = [](const SentDatagram&) { return true; };
  AssociationPair pair(options);
  EXPECT_EQ(pair.link().log().size(), 1u);
  pair.RunFor(milliseconds(99));
  EXPECT_EQ(pair.link().log().size(), 1u);
  pair.RunFor(milliseconds(2));
  EXPECT_EQ(pair.link().log().size(), 2u);
  pair.RunFor(milliseconds(198));
  EXPECT_EQ(pair.link().log().size(), 2u);
  pair.RunFor(milliseconds(4));
  EXPECT_EQ(pair.link().log().size(), 3u);
  EXPECT_GE(options.client.retransmit.max, seconds(60));
}

//= draft-ietf-tls-dtls13-26#section-4.1.2
//= type=test
//# Implementations which may encounter this situation SHOULD use the
//# DTLSCiphertext format.
TEST(Draft26Test, TheShortHeaderIsForWhoWantsIt) {
  for (const bool omit_length : {false, true}) {
    for (const bool short_numbers : {false, true}) {
      PairOptions options = Options();
      options.client.omit_length = omit_length;
      options.client.short_numbers = short_numbers;
      AssociationPair pair(options);
      ASSERT_TRUE(pair.RunUntilConnected());
      pair.RunUntilQuiet();
      EXPECT_TRUE(pair.DataFlowsBothWays());
      const bool is_short = omit_length && short_numbers;
      EXPECT_EQ(pair.client().association->SealOverhead(), (is_short ? 2u : 7u) + 17u);
      const std::vector<uint8_t> bytes = FirstBytesOf(pair, Direction::kClientToServer);
      // Nothing of the handshake is short.
      EXPECT_EQ(
          std::count_if(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte >> 5 == 1; }),
          is_short ? 1 : 0);
      EXPECT_GT(std::count(bytes.begin(), bytes.end(), 23), 0);
    }
  }
}

// Whatever is configured, what the draft does not have is not offered.
TEST(Draft26Test, OffersNeitherConnectionIdsNorAuthenticationLater) {
  PairOptions options = Options();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.connection_ids.receive_len = 8;
    config->handshake.post_handshake_auth = true;
  }
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.client().association->facts().result.connection_ids.negotiated);
  EXPECT_TRUE(pair.server().connection_ids.empty());
  EXPECT_FALSE(pair.server().association->RequestClientCertificate(pair.now()));
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

PairOptions EarlyOptions(const WireProfile& profile) {
  PairOptions options = DefaultPairOptions(1, profile);
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  server.server.max_early_data_len = 1000;
  server.server.replay_guard = std::make_shared<RecentClaims>(kStartOfTime);
  AssociationPair pair(options);
  EXPECT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  for (const auto& session : pair.client().sessions) options.client_psks.emplace_back(session);
  options.client_early_data = true;
  options.age = kAge;
  return options;
}

// A client's last flight is EndOfEarlyData in one epoch and Finished in the next. Its ACK may be
// lost as often as it likes, and either message: the flight comes to its end, with data behind it.
TEST(Draft26Test, TheEndOfEarlyDataMayBeLostAndRepeated) {
  for (size_t lost_from = 0; lost_from < 4; ++lost_from) {
    for (size_t num_lost = 1; num_lost < 4; ++num_lost) {
      PairOptions options = EarlyOptions(kDraft26Profile);
      options.drop = [=](const SentDatagram& sent) {
        return sent.index >= lost_from && sent.index < lost_from + num_lost &&
               sent.direction == Direction::kServerToClient;
      };
      AssociationPair pair(options);
      ASSERT_EQ(pair.SendEarly("early"), SendResult::kSealed);
      ASSERT_TRUE(pair.RunUntilConnected());
      // The server reads the client's data before its ACK arrives.
      EXPECT_TRUE(pair.Send(pair.client(), "data"));
      pair.UpdateKeys(pair.client(), /*request_peer=*/true);
      pair.RunUntilQuiet();
      EXPECT_TRUE(pair.client().handshake_acked) << lost_from << " " << num_lost;
      EXPECT_FALSE(pair.client().association->facts().has_unacked) << lost_from << " " << num_lost;
      EXPECT_TRUE(AssociationPair::HasReceived(pair.server(), "data"));
      EXPECT_EQ(pair.client().association->facts().records.write_epoch(), Epoch{4});
      EXPECT_TRUE(pair.DataFlowsBothWays());
    }
  }
}

// The key of one profile's session is never used by the other's, though both know it.
TEST(Draft26Test, ASessionIsResumedByItsOwnProfileAlone) {
  for (const bool made_by_draft26 : {false, true}) {
    PairOptions made = EarlyOptions(made_by_draft26 ? kDraft26Profile : kRfc9147Profile);
    PairOptions options = made;
    for (AssociationConfig* config : {&options.client, &options.server}) {
      config->handshake.wire_profile = made_by_draft26 ? kRfc9147Profile : kDraft26Profile;
    }
    AssociationPair other(options);
    EXPECT_EQ(other.SendEarly("early"), SendResult::kNotConnected);
    ASSERT_TRUE(other.RunUntilConnected());
    EXPECT_FALSE(other.server().association->facts().result.resumed);

    // A client that pretends otherwise finds a server that does not.
    auto lying = ParseSession(SerializeSession(*made.client_psks[0].session()));
    ASSERT_TRUE(lying);
    lying->version = options.client.handshake.wire_profile.version;
    options.client_psks = {Psk(std::make_shared<const Session>(*std::move(lying)))};
    AssociationPair pretended(options);
    ASSERT_TRUE(pretended.RunUntilConnected());
    EXPECT_FALSE(pretended.server().association->facts().result.resumed);
    EXPECT_TRUE(pretended.server().received_early.empty());
  }
}

TEST(Draft26Test, AnExportedAssociationGoesOnInItsOwnProfile) {
  const Bytes key(kExportKeyLen, 0x4b);
  PairOptions options = Options();
  options.client.exportable = true;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  const Bytes state = pair.client().association->Export(key);
  ASSERT_FALSE(state.empty());
  AssociationConfig other = options.client;
  other.handshake.wire_profile = kRfc9147Profile;
  EXPECT_EQ(Association::Import(std::make_shared<AssociationConfig>(other), state, key, pair.now()),
            nullptr);
  pair.client().association = Association::Import(
      std::make_shared<AssociationConfig>(options.client), state, key, pair.now());
  ASSERT_NE(pair.client().association, nullptr);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

}  // namespace
}  // namespace dtls13::sim
