// SPDX-License-Identifier: Apache-2.0
// 0-RTT, over links that lose, repeat and reorder, and against who copies it.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/chosen_sizing.h"

namespace dtls13::sim {
namespace {

constexpr uint32_t kMaxEarlyData = 1000;
constexpr seconds kAge{100};

// A server that takes early data, and a client that has a session with it.
PairOptions EarlyOptions(const WireProfile& profile, uint64_t seed = 1) {
  PairOptions options = DefaultPairOptions(seed, profile);
  HandshakeConfig& server = options.server.handshake;
  server.server.require_cookie = false;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  server.server.max_early_data_len = kMaxEarlyData;
  server.server.replay_guard = std::make_shared<RecentClaims>(kStartOfTime);
  AssociationPair pair(options);
  EXPECT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().sessions.size(), 2u);
  for (const auto& session : pair.client().sessions) options.client_psks.push_back(Psk(session));
  options.client_early_data = true;
  options.age = kAge;
  return options;
}

EarlyDataOutcome OutcomeOf(const Side& side) { return side.association->facts().result.early_data; }

void ExpectRejected(AssociationPair* pair) {
  ASSERT_TRUE(pair->RunUntilConnected());
  pair->RunFor(seconds(5));
  EXPECT_EQ(pair->client().early_data_answers,
            std::vector<EventType>{EventType::kEarlyDataRejected});
  EXPECT_EQ(OutcomeOf(pair->client()), EarlyDataOutcome::kRejected);
  EXPECT_TRUE(pair->server().received_early.empty());
  EXPECT_TRUE(pair->server().received.empty());
  EXPECT_TRUE(pair->DataFlowsBothWays());
}

class EarlyDataTest : public testing::TestWithParam<WireProfile> {};

INSTANTIATE_TEST_SUITE_P(EveryProfile, EarlyDataTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

//= rfc9147#section-5.6
//= type=test
//# Servers
//# SHOULD NOT accept records from epoch 1 indefinitely once they are
//# able to process records from epoch 3.
TEST_P(EarlyDataTest, ArrivesBeforeTheHandshakeIsOver) {
  AssociationPair pair(EarlyOptions(GetParam()));
  EXPECT_EQ(pair.SendEarly("one"), SendResult::kSealed);
  EXPECT_EQ(pair.SendEarly("two"), SendResult::kSealed);
  EXPECT_EQ(OutcomeOf(pair.client()), EarlyDataOutcome::kOffered);
  pair.RunFor(milliseconds(15));  // one way and a half
  //= rfc8446#appendix-E.5
  //= type=test
  //# In order to allow applications to implement this kind of processing,
  //# TLS implementations MUST provide a way for the application to
  //# determine if the handshake has completed.
  EXPECT_FALSE(pair.server().connected);
  EXPECT_EQ(pair.server().received_early, (std::vector<Bytes>{ToBytes("one"), ToBytes("two")}));
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.client().early_data_answers,
            std::vector<EventType>{EventType::kEarlyDataAccepted});
  EXPECT_EQ(OutcomeOf(pair.client()), EarlyDataOutcome::kAccepted);
  EXPECT_EQ(OutcomeOf(pair.server()), EarlyDataOutcome::kAccepted);
  EXPECT_TRUE(pair.server().received.empty()) << "it is never taken for application data";
  EXPECT_TRUE(pair.DataFlowsBothWays());
  // Where a message ends early data, that may come again.
  EXPECT_EQ(pair.server().association->facts().records.CanRead(kEarlyDataEpoch),
            GetParam().has_end_of_early_data)
      << "epoch 3 has brought data";
  EXPECT_EQ(pair.SendEarly("three"), SendResult::kNotConnected);
}

//= rfc8446#appendix-E.5
//= type=test
//# TLS implementations MUST NOT enable 0-RTT (either sending or
//# accepting) unless specifically requested by the application
//= rfc8446#section-8
//= type=test
//# clients will not know which, if any, of these mechanisms servers
//# actually implement and hence MUST only send early data which they deem
//# safe to be replayed.
TEST_P(EarlyDataTest, NothingIsSentWithoutLeave) {
  PairOptions options = EarlyOptions(GetParam());
  options.client_early_data = false;
  AssociationPair pair(options);
  EXPECT_EQ(pair.SendEarly("x"), SendResult::kNotConnected);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(OutcomeOf(pair.client()), EarlyDataOutcome::kNone);
  EXPECT_TRUE(pair.client().early_data_answers.empty());
  Bytes key(32);
  EXPECT_FALSE(pair.client().association->ExportEarlyKeyingMaterial("x", {}, key));
}

TEST_P(EarlyDataTest, TheClientKeepsToTheTicketsLimit) {
  AssociationPair pair(EarlyOptions(GetParam()));
  EXPECT_EQ(pair.SendEarly(std::string(kMaxEarlyData - 1, 'x')), SendResult::kSealed);
  EXPECT_EQ(pair.SendEarly("ab"), SendResult::kExhausted);
  EXPECT_EQ(pair.SendEarly("a"), SendResult::kSealed);
  EXPECT_EQ(pair.SendEarly("a"), SendResult::kExhausted);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.server().received_early.size(), 2u);
}

//= rfc8446#section-4.6.1
//= type=test
//# A server receiving more than
//# max_early_data_size bytes of 0-RTT data SHOULD terminate the
//# connection with an "unexpected_message" alert.
TEST_P(EarlyDataTest, TheServerHoldsTheClientToTheTicketsLimit) {
  PairOptions options = EarlyOptions(GetParam());
  // A client that believes it may send more than its ticket says.
  auto greedy = ParseSession(SerializeSession(*options.client_psks[0].session()));
  ASSERT_TRUE(greedy.has_value());
  greedy->max_early_data_len = 2 * kMaxEarlyData;
  options.client_psks = {Psk(std::make_shared<const Session>(std::move(*greedy)))};
  AssociationPair pair(options);
  EXPECT_EQ(pair.SendEarly(std::string(kMaxEarlyData, 'x')), SendResult::kSealed);
  EXPECT_EQ(pair.SendEarly("y"), SendResult::kSealed);
  pair.RunFor(seconds(1));
  ASSERT_TRUE(pair.server().failure.has_value());
  EXPECT_EQ(pair.server().failure->reason(), Reason::kTooMuchEarlyData);
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kUnexpectedMessage);
}

// What a copier of the first flight can do.
//= rfc8446#section-8
//= type=test
//# The server MUST ensure that any
//# instance of it (be it a machine, a thread, or any other entity within
//# the relevant serving infrastructure) would accept 0-RTT for the same
//# 0-RTT handshake at most once;
//= rfc8446#section-8.2
//= type=test
//# MUST respond to apparent replay by rejecting 0-RTT but MUST NOT abort
//# the handshake.
//= rfc8446#section-8
//= type=test
//# Servers SHOULD provide that level of replay safety by implementing one
//# of the methods described in this section or by equivalent means.
TEST_P(EarlyDataTest, TheSameFirstFlightIsTakenOnce) {
  const PairOptions options = EarlyOptions(GetParam());
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("pay ten"), SendResult::kSealed);
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_EQ(pair.server().received_early.size(), 1u);

  PairOptions victim = options;
  victim.client_psks.clear();
  victim.client_early_data = false;
  AssociationPair copy(victim);
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == Direction::kClientToServer)
      copy.Inject(copy.server(), datagram.bytes);
  }
  EXPECT_TRUE(copy.server().received_early.empty());
  EXPECT_EQ(OutcomeOf(copy.server()), EarlyDataOutcome::kRejected);
}

TEST_P(EarlyDataTest, ARepeatedRecordIsDeliveredOnce) {
  AssociationPair pair(EarlyOptions(GetParam()));
  ASSERT_EQ(pair.SendEarly("once"), SendResult::kSealed);
  const Bytes record = pair.link().log().back().bytes;
  pair.RunFor(milliseconds(15));
  pair.Inject(pair.server(), record);
  EXPECT_EQ(pair.server().received_early.size(), 1u);
}

//= rfc8446#section-4.2.10
//= type=test
//# MUST comply with the same error-handling requirements specified for
//# all records when processing early data records.
TEST_P(EarlyDataTest, ADamagedRecordIsDroppedLikeAnyOther) {
  AssociationPair pair(EarlyOptions(GetParam()));
  ASSERT_EQ(pair.SendEarly("once"), SendResult::kSealed);
  Bytes damaged = pair.link().log().back().bytes;
  damaged.back() ^= 1;
  pair.RunFor(milliseconds(15));
  ASSERT_EQ(pair.server().received_early.size(), 1u);
  const RecordFacts records = pair.server().association->facts().records;
  const uint64_t before = records.num_dropped(DropReason::kAuthentication);
  pair.Inject(pair.server(), damaged);
  EXPECT_EQ(records.num_dropped(DropReason::kAuthentication), before + 1);
  EXPECT_EQ(pair.server().received_early.size(), 1u);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST_P(EarlyDataTest, IsRejectedAfterAHelloRetryRequest) {
  PairOptions options = EarlyOptions(GetParam());
  options.server.handshake.server.require_cookie = true;
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);
  EXPECT_TRUE(pair.client().association->facts().result.resumed);
  Bytes key(32);
  EXPECT_FALSE(pair.client().association->ExportEarlyKeyingMaterial("x", {}, key));
}

//= rfc8446#section-4.2.10
//= type=test
//# A TLS implementation MUST NOT automatically resend early data unless
//# the negotiated connection selects the same ALPN protocol.
//= rfc8446#appendix-E.5
//= type=test
//# MUST NOT automatically resend 0-RTT data if it is rejected by the
//# server unless instructed by the application.
//= rfc8446#section-4.2.10
//= type=test
//# A TLS implementation SHOULD NOT automatically resend early data;
//# applications are in a better position to decide when retransmission is
//# appropriate.
TEST_P(EarlyDataTest, IsRejectedByAServerThatTakesNone) {
  PairOptions options = EarlyOptions(GetParam());
  options.server.handshake.server.max_early_data_len = 0;
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);

  options = EarlyOptions(GetParam());
  options.server.handshake.server.replay_guard = nullptr;
  AssociationPair unguarded(options);
  ASSERT_EQ(unguarded.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&unguarded);
}

TEST_P(EarlyDataTest, IsRejectedWithATicketThatTheServerCannotOpen) {
  PairOptions options = EarlyOptions(GetParam());
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);
  EXPECT_FALSE(pair.client().association->facts().result.resumed);
}

//= rfc8446#section-4.2.10
//= type=test
//# In order to accept early data, the server MUST have accepted a PSK
//# cipher suite and selected the first key offered in the client's
//# "pre_shared_key" extension.
//= rfc8446#section-4.2.10
//= type=test
//# If any of these checks fail, the server MUST NOT respond with the
//# extension and must discard all the first-flight data using one of the
//# first two mechanisms listed above (thus falling back to 1-RTT or
//# 2-RTT).
TEST_P(EarlyDataTest, IsPadded) {
  PairOptions options = EarlyOptions(GetParam());
  const auto sizing = std::make_shared<ChosenSizing>();
  sizing->block_len = 300;
  options.client.record_sizing = sizing;
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("padded"), SendResult::kSealed);
  EXPECT_EQ(sizing->asked,
            (std::vector<std::pair<ContentType, size_t>>{{ContentType::kApplicationData, 7}}));
  const size_t header_len = GetParam() == kDraft26Profile ? 7 : 5;
  EXPECT_EQ(pair.link().log().back().bytes.size(), header_len + 300u + 16u);
  sizing->block_len = 0;
  sizing->padding_len = SIZE_MAX;
  ASSERT_EQ(pair.SendEarly("filled"), SendResult::kSealed);
  EXPECT_EQ(pair.link().log().back().bytes.size(), kDefaultMtu);
  // Padding counts against no limit of the ticket's.
  sizing->max_content_len = kMaxEarlyData;
  EXPECT_EQ(pair.SendEarly(std::string(kMaxEarlyData - 11, 'x')), SendResult::kExhausted);
  EXPECT_EQ(pair.SendEarly(std::string(kMaxEarlyData - 12, 'x')), SendResult::kSealed);
  sizing->max_content_len = 100;
  EXPECT_EQ(pair.SendEarly(std::string(101, 'x')), SendResult::kTooLarge);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.server().received_early,
            (std::vector<Bytes>{ToBytes("padded"), ToBytes("filled"),
                                ToBytes(std::string(kMaxEarlyData - 12, 'x'))}));
}

//= rfc8446#section-4.6.1
//= type=test
//# Note that servers that reject early data due to lack of cryptographic
//# material will be unable to differentiate padding from content, so
//# clients SHOULD NOT depend on being able to send large quantities of
//# padding in early data records.
TEST_P(EarlyDataTest, NothingDependsOnItsPadding) {
  PairOptions options = EarlyOptions(GetParam());
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  const auto sizing = ChosenSizing::Filling();
  options.client.record_sizing = sizing;
  AssociationPair pair(options);
  // Ten times what the ticket allows of content.
  for (int i = 0; i < 10; ++i) ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);
}

TEST_P(EarlyDataTest, IsRejectedUnlessTheFirstKeyIsTaken) {
  PairOptions options = EarlyOptions(GetParam());
  auto unknown = ParseSession(SerializeSession(*options.client_psks[0].session()));
  ASSERT_TRUE(unknown.has_value());
  unknown->ticket.back() ^= 1;
  options.client_psks[0] = Psk(std::make_shared<const Session>(std::move(*unknown)));
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);
  EXPECT_EQ(pair.server().association->facts().result.psk_index, uint16_t{1});
}

TEST_P(EarlyDataTest, IsRejectedWithAnotherSuite) {
  PairOptions options = EarlyOptions(GetParam());
  ASSERT_EQ(options.client_psks[0].session()->suite, CipherSuiteId::kAes256GcmSha384);
  options.server.handshake.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
  ExpectRejected(&pair);
}

//= rfc8446#section-4.2.10
//= type=test
//# a server MUST validate that the ticket age for the selected PSK
//# identity
//= rfc8446#section-4.2.10
//= type=test
//# If it is not, the server SHOULD proceed with the handshake but reject
//# 0-RTT, and SHOULD NOT take any other action that assumes that this
//# ClientHello is fresh.
//= rfc8446#section-8
//= type=test
//# servers SHOULD limit 0-RTT replays further when feasible.
TEST_P(EarlyDataTest, IsRejectedWhenTheStatedAgeIsWrong) {
  for (const int error : {-11, 11}) {
    PairOptions options = EarlyOptions(GetParam());
    auto session = ParseSession(SerializeSession(*options.client_psks[0].session()));
    ASSERT_TRUE(session.has_value());
    session->issued_at += seconds(error);
    options.client_psks = {Psk(std::make_shared<const Session>(std::move(*session)))};
    AssociationPair pair(options);
    ASSERT_EQ(pair.SendEarly("lost"), SendResult::kSealed);
    ExpectRejected(&pair);
    EXPECT_TRUE(pair.server().association->facts().result.resumed) << "age is for early data alone";
  }
}

//= rfc8446#section-7.5
//= type=test
//# Implementations MUST use the exporter_master_secret unless explicitly
//# specified by the application.
//= rfc8446#section-7.5
//= type=test
//# A separate interface for the early exporter is RECOMMENDED;
TEST_P(EarlyDataTest, BothSidesExportTheSameEarlyKeys) {
  AssociationPair pair(EarlyOptions(GetParam()));
  std::array<Bytes, 2> keys = {Bytes(32), Bytes(32)};
  const Bytes context = {1, 2};
  ASSERT_TRUE(pair.client().association->ExportEarlyKeyingMaterial("label", context, keys[0]));
  ASSERT_EQ(pair.SendEarly("x"), SendResult::kSealed);
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.server().association->ExportEarlyKeyingMaterial("label", context, keys[1]));
  EXPECT_EQ(keys[0], keys[1]);
  ASSERT_TRUE(pair.server().association->ExportKeyingMaterial("label", context, keys[1]));
  EXPECT_NE(keys[0], keys[1]);
}

// F31: no EndOfEarlyData, on the wire or in message_seq: the client's Finished is its message 1. In
// draft-26 there is one, and it is the client's message 1.
//= rfc8446#section-4.2.11.3
//= type=test
//# In order to avoid deadlocks, when accepting "early_data", servers MUST
//# process the client's ClientHello and then immediately send their
//# flight of messages, rather than waiting for the client's
//# EndOfEarlyData message before sending its ServerHello.
TEST_P(EarlyDataTest, F31WhatMarksTheEndOfEarlyData) {
  PairOptions options = EarlyOptions(GetParam());
  options.client.trace = true;
  AssociationPair pair(options);
  ASSERT_EQ(pair.SendEarly("x"), SendResult::kSealed);
  ASSERT_TRUE(pair.RunUntilConnected());
  std::vector<std::pair<uint8_t, uint16_t>> sent;
  for (const TracedMessage& message : pair.client().sent_messages)
    sent.emplace_back(static_cast<uint8_t>(message.type), message.message_seq);
  std::vector<std::pair<uint8_t, uint16_t>> expected = {{1, 0}};
  if (GetParam().has_end_of_early_data) expected.emplace_back(5, 1);
  expected.emplace_back(20, expected.size());
  EXPECT_EQ(sent, expected);
}

// Neither side ever acknowledges early data, and the application has the last word: what was
// accepted and arrived is what was sent, in whatever order the link chose.
TEST_P(EarlyDataTest, OverABadLinkTheHandshakeCompletesAndNothingIsMadeUp) {
  size_t num_accepted = 0;
  size_t num_received = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    PairOptions options = EarlyOptions(GetParam(), seed);
    options.impairment = {.loss = 20, .duplicate = 20, .reorder = 30};
    AssociationPair pair(options);
    const std::vector<Bytes> sent = {ToBytes("a"), ToBytes("b"), ToBytes("c")};
    for (const Bytes& text : sent)
      ASSERT_EQ(pair.SendEarly({reinterpret_cast<const char*>(text.data()), text.size()}),
                SendResult::kSealed);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed << "\n" << pair.link().Describe();
    pair.RunFor(seconds(100));
    ASSERT_FALSE(pair.client().failure.has_value()) << seed;
    ASSERT_FALSE(pair.server().failure.has_value()) << seed;
    ASSERT_EQ(pair.client().early_data_answers.size(), 1u) << seed;
    ASSERT_EQ(OutcomeOf(pair.client()), OutcomeOf(pair.server())) << seed;
    std::vector<Bytes> received = pair.server().received_early;
    std::sort(received.begin(), received.end());
    ASSERT_TRUE(std::includes(sent.begin(), sent.end(), received.begin(), received.end())) << seed;
    num_accepted += OutcomeOf(pair.server()) == EarlyDataOutcome::kAccepted ? 1 : 0;
    num_received += received.size();
    ASSERT_TRUE(pair.server().received.empty()) << seed;
    ASSERT_TRUE(pair.DataFlowsBothWays()) << seed;
  }
  EXPECT_GT(num_accepted, 80u);
  EXPECT_GT(num_received, 100u);
}

}  // namespace
}  // namespace dtls13::sim
