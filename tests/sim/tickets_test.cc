// SPDX-License-Identifier: Apache-2.0
// Session tickets on their way, and connections that are resumed with them.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "dtls13/session/ticket_keyring.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

PairOptions TicketOptions(const WireProfile& profile, uint64_t seed = 1) {
  PairOptions options = DefaultPairOptions(seed, profile);
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  return options;
}

void LoseAll(AssociationPair* pair, Direction direction) {
  pair->link().SetFilter(
      [direction](const SentDatagram& datagram) { return datagram.direction == direction; });
}

// Connects and takes the tickets.
std::vector<std::shared_ptr<const Session>> SessionsOf(const PairOptions& options) {
  AssociationPair pair(options);
  EXPECT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  return pair.client().sessions;
}

class TicketsTest : public testing::TestWithParam<WireProfile> {};

INSTANTIATE_TEST_SUITE_P(EveryProfile, TicketsTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

//= rfc9147#section-5.8.4
//= type=test
//# Specifically, a server MAY send
//# multiple NewSessionTicket messages at once without awaiting ACKs for
//# earlier NewSessionTicket messages first.
//= rfc8446#section-4.6.1
//= type=test
//# At any time after the server has received the client Finished message,
//# it MAY send a NewSessionTicket message.
//= rfc8446#section-4.6.1
//= type=test
//# Servers MAY send multiple tickets on a single connection, either
//# immediately after each other or after specific events
TEST_P(TicketsTest, FollowTheHandshakeAndAreAcknowledged) {
  AssociationPair pair(TicketOptions(GetParam()));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  const auto& sessions = pair.client().sessions;
  ASSERT_EQ(sessions.size(), 2u);
  EXPECT_NE(sessions[0]->ticket, sessions[1]->ticket);
  EXPECT_EQ(sessions[0]->server_name, "server.example");
  EXPECT_EQ(sessions[0]->lifetime_s, 7200u);
  EXPECT_EQ(sessions[0]->issued_at, kStartOfTime);
  EXPECT_EQ(sessions[0]->peer_certificates.size(), 1u);
  EXPECT_FALSE(pair.server().association->facts().has_unacked);
  EXPECT_TRUE(pair.server().sessions.empty());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST_P(TicketsTest, TheServerIsToldOfItsOwnWhereItWantsTo) {
  PairOptions options = TicketOptions(GetParam());
  options.server.handshake.server.tell_tickets = true;
  AssociationPair pair(options);
  EXPECT_EQ(pair.server().association->IssuedSession(), nullptr);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  const auto& told = pair.server().sessions;
  const auto& received = pair.client().sessions;
  ASSERT_EQ(told.size(), 2u);
  ASSERT_EQ(received.size(), 2u);
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i]->ticket, received[i]->ticket);
    EXPECT_TRUE(told[i]->psk.EqualsConstantTime(received[i]->psk.bytes()));
  }
  const std::unique_ptr<Session> last = pair.server().association->IssuedSession();
  ASSERT_NE(last, nullptr);
  EXPECT_TRUE(last->psk.EqualsConstantTime(received[1]->psk.bytes()));
  EXPECT_EQ(pair.client().association->IssuedSession(), nullptr);
}

//= rfc8446#section-4.2.9
//= type=test
//# Servers SHOULD NOT send NewSessionTicket with tickets that are not
//# compatible with the advertised modes;
TEST_P(TicketsTest, NoneWithoutKeysOrForAClientThatCannotUseThem) {
  PairOptions options = TicketOptions(GetParam());
  options.client.handshake.psk_modes = {};
  EXPECT_TRUE(SessionsOf(options).empty());
  options = TicketOptions(GetParam());
  options.client.handshake.psk_modes = {PskKeyExchangeMode::kPskKe};
  EXPECT_TRUE(SessionsOf(options).empty()) << "the server allows psk_dhe_ke alone";
  options = TicketOptions(GetParam());
  options.server.handshake.server.ticket_keys = nullptr;
  EXPECT_TRUE(SessionsOf(options).empty());
}

TEST_P(TicketsTest, AreSentWhenAskedFor) {
  PairOptions options = TicketOptions(GetParam());
  options.server.handshake.server.num_tickets = 0;
  AssociationPair pair(options);
  EXPECT_FALSE(pair.server().association->SendTicket(pair.now())) << "not connected";
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(100));
  EXPECT_TRUE(pair.client().sessions.empty());
  EXPECT_FALSE(pair.client().association->SendTicket(pair.now())) << "clients issue none";
  ASSERT_TRUE(pair.server().association->SendTicket(pair.now()));
  pair.Flush(pair.server());
  pair.RunUntilQuiet();
  ASSERT_EQ(pair.client().sessions.size(), 1u);
  // One hundred seconds of virtual time after the handshake, to the second.
  const seconds age = pair.client().sessions[0]->issued_at - kStartOfTime;
  EXPECT_GE(age, seconds(100));
  EXPECT_LE(age, seconds(101));
}

TEST_P(TicketsTest, AClientThatAcknowledgesNothingGetsABoundedNumber) {
  AssociationPair pair(TicketOptions(GetParam()));
  ASSERT_TRUE(pair.RunUntilConnected());
  LoseAll(&pair, Direction::kClientToServer);
  size_t num_sent = 0;
  while (pair.server().association->SendTicket(pair.now()) && num_sent < 100) ++num_sent;
  EXPECT_LE(num_sent, 8u);
  EXPECT_GE(num_sent, 6u);
}

// F3
TEST_P(TicketsTest, F3ARetransmittedTicketIsAcknowledgedAgainAndNotTakenTwice) {
  AssociationPair pair(TicketOptions(GetParam()));
  ASSERT_TRUE(pair.RunUntilConnected());
  LoseAll(&pair, Direction::kClientToServer);
  pair.RunFor(seconds(10));
  ASSERT_EQ(pair.client().sessions.size(), 2u);
  const size_t num_lost = pair.link().num_sent(Direction::kClientToServer);
  EXPECT_GT(num_lost, 3u) << "each retransmission is acknowledged";
  pair.link().SetFilter({});
  EXPECT_TRUE(pair.DataFlowsBothWays());
  pair.RunFor(seconds(60));
  EXPECT_FALSE(pair.server().association->facts().has_unacked);
  EXPECT_EQ(pair.client().sessions.size(), 2u);
}

// F3, RFC 9147 section 7.3: "until its maximum retransmission count is reached". A server that
// nobody answers is left without a timer within seconds, and its connection goes on.
TEST_P(TicketsTest, F3TicketsLeaveNoTimerWhereNobodyAcknowledgesThem) {
  AssociationPair pair(TicketOptions(GetParam()));
  ASSERT_TRUE(pair.RunUntilConnected());
  LoseAll(&pair, Direction::kClientToServer);
  pair.RunFor(seconds(2));
  EXPECT_FALSE(pair.server().association->NextTransmission());
  const size_t num_sent = pair.link().num_sent(Direction::kServerToClient);
  pair.RunFor(minutes(60));
  EXPECT_EQ(pair.link().num_sent(Direction::kServerToClient), num_sent);
  EXPECT_FALSE(pair.server().failure);
  pair.link().SetFilter({});
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// A client that never acknowledges a ticket, and goes on talking.
TEST_P(TicketsTest, AreSentAFewTimesMoreWhereTheClientIsHeardAndNoTimerRuns) {
  // Tickets take hundreds of bytes; what else the server sends after its flight is shorter.
  const auto is_ticket = [](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index > 0 &&
           datagram.bytes.size() > 150;
  };
  AssociationPair pair(TicketOptions(GetParam()));
  pair.link().SetFilter(is_ticket);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.server().association->facts().has_unacked) << "nothing is waited for";
  const auto num_tickets_sent = [&] { return std::ranges::count_if(pair.link().log(), is_ticket); };
  const auto before = num_tickets_sent();
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(pair.Send(pair.client(), "still here"));
    pair.RunFor(seconds(1));
    ASSERT_TRUE(pair.IsQuiet());
  }
  EXPECT_EQ(num_tickets_sent() - before, 4);
  // What comes behind them brings them along.
  pair.link().SetFilter({});
  pair.UpdateKeys(pair.server(), /*request_peer=*/false);
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().sessions.size(), 2u);
  EXPECT_EQ(pair.server().association->facts().records.write_epoch(),
            kFirstApplicationEpoch.Next());
}

// F4
TEST_P(TicketsTest, F4AKeyUpdateOfTheClientLeavesTicketsToBeRetransmitted) {
  for (const bool request_peer : {false, true}) {
    AssociationPair pair(TicketOptions(GetParam()));
    // The server's tickets and its ACK of Finished are lost at first.
    pair.link().SetFilter([](const SentDatagram& datagram) {
      return datagram.direction == Direction::kServerToClient && datagram.index >= 1 &&
             datagram.at < Instant{} + seconds(3);
    });
    ASSERT_TRUE(pair.RunUntilConnected());
    ASSERT_TRUE(pair.client().sessions.empty());
    ASSERT_TRUE(pair.server().association->facts().has_unacked);
    pair.client().association->RequestKeyUpdate(request_peer, pair.now());
    pair.Flush(pair.client());
    pair.RunUntilQuiet();
    EXPECT_EQ(pair.client().sessions.size(), 2u) << request_peer;
    EXPECT_FALSE(pair.server().association->facts().has_unacked);
    EXPECT_FALSE(pair.client().association->facts().has_unacked);
    EXPECT_TRUE(pair.DataFlowsBothWays());
    EXPECT_EQ(pair.client().association->facts().records.write_epoch(),
              kFirstApplicationEpoch.Next());
    EXPECT_EQ(pair.server().association->facts().records.write_epoch(),
              request_peer ? kFirstApplicationEpoch.Next() : kFirstApplicationEpoch);
  }
}

TEST_P(TicketsTest, ATicketWaitsForTheKeyUpdateBeforeIt) {
  AssociationPair pair(TicketOptions(GetParam()));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  pair.server().association->RequestKeyUpdate(/*request_peer=*/false, pair.now());
  EXPECT_TRUE(pair.server().association->SendTicket(pair.now()));
  pair.Flush(pair.server());
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().sessions.size(), 3u);
  EXPECT_FALSE(pair.client().failure.has_value());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST_P(TicketsTest, CarryWhatTheServersCallerWantsBack) {
  const std::vector<uint8_t> kData = {1, 2, 3};
  PairOptions options = TicketOptions(GetParam());
  AssociationPair pair(options);
  pair.server().association->SetSessionData(kData);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  ASSERT_EQ(pair.client().sessions.size(), 2u);
  for (const auto& session : pair.client().sessions) {
    EXPECT_TRUE(session->application_data.empty()) << "it is the server's own";
    const auto opened = options.server.handshake.server.ticket_keys->Open(
        session->ticket, std::chrono::time_point_cast<seconds>(session->issued_at));
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->application_data, kData);
  }
}

//= rfc8446#section-4.6.1
//= type=test
//# The client MAY use this PSK for future handshakes by including the
//# ticket value in the "pre_shared_key" extension
//= rfc8446#appendix-C.4
//= type=test
//# Servers SHOULD issue new tickets with every connection.
TEST_P(TicketsTest, ResumeTheConnection) {
  PairOptions options = TicketOptions(GetParam());
  const auto sessions = SessionsOf(options);
  ASSERT_EQ(sessions.size(), 2u);
  options.client_psks = {Psk(sessions[1])};
  options.server_has_certificate = false;  // nothing but the ticket can authenticate it
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.client().association->facts().result.resumed);
  EXPECT_TRUE(pair.server().association->facts().result.resumed);
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().sessions.size(), 1u) << "one ticket was used up, and one replaces it";
  EXPECT_EQ(pair.client().sessions[0]->peer_certificates, sessions[0]->peer_certificates);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// However often sessions renew one another, the client remembers when the server showed a
// certificate.
TEST_P(TicketsTest, ARenewedSessionIsNoYoungerThanItsAuthentication) {
  PairOptions options = TicketOptions(GetParam());
  const auto sessions = SessionsOf(options);
  ASSERT_FALSE(sessions.empty());
  EXPECT_EQ(sessions[0]->authenticated_at, kStartOfTime);
  options.client_psks = {Psk(sessions[0])};
  options.age = seconds(7000);
  const auto renewed = SessionsOf(options);
  ASSERT_FALSE(renewed.empty());
  EXPECT_EQ(renewed[0]->issued_at, kStartOfTime + seconds(7000));
  EXPECT_EQ(renewed[0]->authenticated_at, kStartOfTime);
}

TEST_P(TicketsTest, AForgedTicketMeansAFullHandshake) {
  PairOptions options = TicketOptions(GetParam());
  auto forged = std::make_shared<Session>();
  forged->suite = CipherSuiteId::kAes256GcmSha384;
  forged->psk = Secret::CopyOf(std::vector<uint8_t>(48, 1));
  forged->ticket = std::vector<uint8_t>(200, 2);
  forged->lifetime_s = 7200;
  forged->issued_at = kStartOfTime;
  forged->server_name = options.server_name;
  options.client_psks = {Psk(std::shared_ptr<const Session>(std::move(forged)))};
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_FALSE(pair.client().association->facts().result.resumed);
  EXPECT_FALSE(pair.server().association->facts().result.resumed);
}

TEST_P(TicketsTest, ATicketOfAnotherNameMeansAFullHandshake) {
  PairOptions options = TicketOptions(GetParam());
  const auto sessions = SessionsOf(options);
  ASSERT_FALSE(sessions.empty());
  // The client is one that resumes whatever it has.
  auto renamed = ParseSession(SerializeSession(*sessions[0]));
  ASSERT_TRUE(renamed.has_value());
  renamed->server_name = "other.example";
  options.server_name = "other.example";
  options.client_psks = {Psk(std::make_shared<const Session>(std::move(*renamed)))};
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_FALSE(pair.server().association->facts().result.resumed);
}

TEST_P(TicketsTest, ArriveOverABadLink) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    PairOptions options = TicketOptions(GetParam(), seed);
    options.impairment = {.loss = 30, .duplicate = 20, .reorder = 30};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed;
    pair.RunFor(seconds(200));
    ASSERT_EQ(pair.client().sessions.size(), 2u) << seed << "\n" << pair.link().Describe();
    ASSERT_FALSE(pair.client().failure.has_value()) << seed;
    ASSERT_FALSE(pair.server().failure.has_value()) << seed;

    options.client_psks = {Psk(pair.client().sessions[0]), Psk(pair.client().sessions[1])};
    AssociationPair resumed(options);
    ASSERT_TRUE(resumed.RunUntilConnected()) << seed;
    ASSERT_TRUE(resumed.server().association->facts().result.resumed) << seed;
  }
}

}  // namespace
}  // namespace dtls13::sim
