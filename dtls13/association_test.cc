// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

using sim::AssociationPair;
using sim::DefaultPairOptions;
using sim::KeyType;
using sim::PairOptions;
using sim::Side;
using std::chrono::milliseconds;

using Received = std::vector<std::vector<uint8_t>>;

TEST(AssociationTest, ConnectsAndCarriesDataBothWays) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.Send(pair.client(), "ping"));
  ASSERT_TRUE(pair.Send(pair.server(), "pong"));
  pair.RunFor(milliseconds(100));
  EXPECT_EQ(pair.server().received, Received{ToBytes("ping")});
  EXPECT_EQ(pair.client().received, Received{ToBytes("pong")});
  EXPECT_TRUE(pair.client().handshake_acked);
  EXPECT_EQ(pair.client().association->facts().result.server_name, "server.example");
}

TEST(AssociationTest, NothingIsOwedOnceQuiet) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.client().association->NextTimeout());
  EXPECT_FALSE(pair.server().association->NextTimeout());
}

//= rfc9147#section-7.1
//= type=test
//# ACKs SHOULD NOT be sent for these flights unless the responding flight
//# cannot be generated immediately.
TEST(AssociationTest, ALossFreeHandshakeRetransmitsAndAcksNothingInVain) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  // ClientHello; the server's flight; Finished; its ACK.
  EXPECT_EQ(pair.link().num_sent(sim::Direction::kClientToServer), 2u);
  EXPECT_EQ(pair.link().num_sent(sim::Direction::kServerToClient), 2u);
}

TEST(AssociationTest, BothSidesExportTheSameKeyingMaterial) {
  AssociationPair pair(DefaultPairOptions());
  std::array<uint8_t, 32> client{}, server{};
  EXPECT_FALSE(pair.client().association->ExportKeyingMaterial("EXPORTER-test", {}, client));
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.client().association->ExportKeyingMaterial("EXPORTER-test", {}, client));
  ASSERT_TRUE(pair.server().association->ExportKeyingMaterial("EXPORTER-test", {}, server));
  EXPECT_EQ(client, server);
}

TEST(AssociationTest, DataIsNeverHeldBackForAnAck) {
  AssociationPair pair(DefaultPairOptions());
  // The client's Finished is acknowledged only after this; its data leaves at once all the same.
  pair.link().SetFilter([](const sim::SentDatagram& datagram) {
    return datagram.direction == sim::Direction::kServerToClient && datagram.index == 1;
  });
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.client().association->facts().has_unacked);
  EXPECT_TRUE(pair.Send(pair.client(), "early bird"));
}

//= rfc8446#section-2
//= type=test
//# Application Data MUST NOT be sent prior to sending the Finished
//# message, except as specified in Section 2.3.
TEST(AssociationTest, NothingIsSealedBeforeTheHandshakeIsOver) {
  AssociationPair pair(DefaultPairOptions());
  std::array<uint8_t, 64> out;
  size_t len = 0;
  for (int step = 0; !(pair.client().connected && pair.server().connected); ++step) {
    ASSERT_LT(step, 1000);
    for (Side* side : {&pair.client(), &pair.server()}) {
      if (side->connected) continue;
      EXPECT_EQ(side->association->Seal(ToBytes("early"), out, &len), SendResult::kNotConnected);
      EXPECT_EQ(len, 0u);
    }
    pair.RunFor(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(pair.client().association->Seal(ToBytes("now"), out, &len), SendResult::kSealed);
}

TEST(AssociationTest, KeyUpdateRequestedOfBothSidesMovesBothEpochs) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  pair.client().association->RequestKeyUpdate(/*request_peer=*/true, pair.now());
  pair.Flush(pair.client());
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().association->facts().records.write_epoch(), Epoch{4});
  EXPECT_EQ(pair.server().association->facts().records.write_epoch(), Epoch{4});
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// One side's epochs run ahead; the other acknowledges them from its own, lower one.
TEST(AssociationTest, OneSideMayUpdateItsKeysManyTimes) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  for (uint64_t epoch = 4; epoch < 12; ++epoch) {
    pair.client().association->RequestKeyUpdate(/*request_peer=*/false, pair.now());
    pair.Flush(pair.client());
    pair.RunUntilQuiet();
    ASSERT_EQ(pair.client().association->facts().records.write_epoch(), Epoch{epoch});
    ASSERT_FALSE(pair.client().association->facts().has_unacked);
  }
  EXPECT_EQ(pair.server().association->facts().records.write_epoch(), Epoch{3});
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

TEST(AssociationTest, KeyUpdatesSurviveLossInBothDirections) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    PairOptions options = DefaultPairOptions(seed);
    options.impairment.loss = 20;
    options.impairment.reorder = 20;
    options.client.retransmit.max_expiries = 40;
    options.server.retransmit.max_expiries = 40;
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected(std::chrono::hours(1))) << seed;
    for (int i = 0; i < 4; ++i) {
      pair.client().association->RequestKeyUpdate(/*request_peer=*/i % 2 == 0, pair.now());
      pair.Flush(pair.client());
      pair.server().association->RequestKeyUpdate(/*request_peer=*/false, pair.now());
      pair.Flush(pair.server());
      pair.RunUntilQuiet(std::chrono::hours(1));
      ASSERT_FALSE(pair.client().failure || pair.server().failure) << seed;
    }
    EXPECT_GE(pair.client().association->facts().records.write_epoch(), Epoch{4 + 3}) << seed;
    EXPECT_TRUE(pair.DataFlowsBothWays()) << seed;
  }
}

TEST(AssociationTest, CloseNotifyEndsOneDirectionOnly) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  pair.client().association->Close();
  pair.Flush(pair.client());
  pair.RunUntilQuiet();
  EXPECT_TRUE(pair.server().peer_closed);
  EXPECT_FALSE(pair.Send(pair.client(), "too late"));
  ASSERT_TRUE(pair.Send(pair.server(), "the rest of the answer"));
  pair.RunUntilQuiet();
  EXPECT_EQ(pair.client().received, Received{ToBytes("the rest of the answer")});
}

// F40: what was sent before close_notify and arrives after it is delivered; what was sent after is
// not.
//= rfc9147#section-5.10
//= type=test
//# Any data received with an epoch/sequence number pair after that of a
//# valid received closure alert MUST be ignored.
TEST(AssociationTest, F40DataIsJudgedByNumberNotByArrival) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  std::array<uint8_t, 2048> before, after_close;
  size_t before_len = 0;
  Association& client = *pair.client().association;
  ASSERT_EQ(client.Seal(ToBytes("before"), before, &before_len), SendResult::kSealed);
  client.Close();
  const size_t close_len = client.PollTransmit(after_close, pair.now());
  ASSERT_GT(close_len, 0u);
  pair.Inject(pair.server(), std::span(after_close).first(close_len));
  EXPECT_TRUE(pair.server().peer_closed);
  pair.Inject(pair.server(), std::span(before).first(before_len));
  EXPECT_EQ(pair.server().received, Received{ToBytes("before")});
}

//= rfc8446#appendix-A.1
//= type=test
//# If clients need to send such alerts, they SHOULD first rekey to the
//# handshake keys if possible.
TEST(AssociationTest, ARefusedCertificateSendsItsAlert) {
  PairOptions options = DefaultPairOptions();
  options.verify_ok = false;
  AssociationPair pair(options);
  EXPECT_FALSE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  ASSERT_TRUE(pair.client().failure);
  EXPECT_EQ(pair.client().failure->alert(), AlertDescription::kUnknownCa);
  std::vector<uint8_t> last_of_client = {0};
  for (const sim::SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == sim::Direction::kClientToServer) last_of_client = datagram.bytes;
  }
  ASSERT_TRUE(pair.server().failure);
  EXPECT_TRUE(pair.server().failure_from_peer);
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kUnknownCa);
  // The handshake's keys were there when it was due.
  EXPECT_EQ(ClassifyRecord(last_of_client.front()), RecordKind::kCiphertext);
}

//= rfc9147#section-5.10
//= type=test
//# Note that alerts are not reliably transmitted; implementations SHOULD
//# NOT depend on receiving alerts in order to signal errors or connection
//# closure.
TEST(AssociationTest, AnAbsentPeerEndsTheHandshakeInTime) {
  AssociationPair pair(DefaultPairOptions());
  pair.link().SetFilter([](const sim::SentDatagram&) { return true; });
  pair.Flush(pair.client());
  pair.RunUntilQuiet(std::chrono::hours(1));
  ASSERT_TRUE(pair.client().failure);
  EXPECT_EQ(pair.client().failure->reason(), Reason::kHandshakeTimeout);
  EXPECT_FALSE(pair.client().failure_from_peer);
}

//= rfc9147#section-5.8.2
//= type=test
//# It is RECOMMENDED that for DTLS-SRTP [RFC5764], a default timeout of 400
//# ms be used; because customer experience degrades with one-way latencies
//# of greater than 200 ms, real-time deployments are less likely to have
//# long latencies.
TEST(AssociationTest, SrtpHasAShorterTimer) {
  PairOptions options = DefaultPairOptions();
  OfferSrtp({SrtpProfile::kAeadAes128Gcm}, &options.client);
  OfferSrtp({SrtpProfile::kAeadAes128Gcm}, &options.server);
  AssociationPair pair(options);
  EXPECT_EQ(pair.client().association->NextTimeout(), Instant(milliseconds(400)));
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.server().association->facts().result.connection.srtp_profile,
            SrtpProfile::kAeadAes128Gcm);
}

// Whoever wants to say in a log who the peer of a failed association was may ask it.
TEST(AssociationTest, AnswersWhatIsKnownAfterAFailureToo) {
  sim::AssociationPair pair(sim::DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.server().association->Abort(AlertDescription::kInternalError);
  pair.Flush(pair.server());
  pair.RunUntilQuiet();
  for (sim::Side* side : {&pair.client(), &pair.server()}) {
    Association& association = *side->association;
    EXPECT_TRUE(association.facts().failed);
    EXPECT_TRUE(association.facts().peer_certificates().empty());
    EXPECT_TRUE(association.facts().peer_identity.chain.empty());
    EXPECT_TRUE(association.facts().certificate_request.context.empty());
    EXPECT_TRUE(association.facts().signature_request.input.empty());
    EXPECT_NE(association.facts().result.suite, nullptr);
  }
}

// Polls away what is not of `type`; false when there is none.
bool PollFor(Association& association, EventType type) {
  while (const std::optional<Event> event = association.PollEvent()) {
    if (event->type == type) return true;
  }
  return false;
}

TEST(AssociationTest, AServerAnswersStepByStepAndIsAskedOnce) {
  PairOptions options = DefaultPairOptions();
  options.client.handshake.connection.alpn = {"coap"};
  options.server.handshake.ask_credential = true;
  options.server.handshake.server.require_cookie = false;
  const Instant now{};
  auto client = Association::NewClient(std::make_shared<AssociationConfig>(options.client), {});
  auto server = Association::NewServer(std::make_shared<AssociationConfig>(options.server), {});
  std::vector<uint8_t> datagram(kDefaultMtu);
  datagram.resize(client->PollTransmit(datagram, now));
  server->HandleDatagram(datagram, now);
  ASSERT_TRUE(PollFor(*server, EventType::kCredentialWanted));
  server->ProvideProtocol("coap", now);
  server->ProvideDemand({.client_authentication = ClientAuthentication::kRequired}, now);
  EXPECT_FALSE(PollFor(*server, EventType::kCredentialWanted));
  server->ProvideCredential(sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential(), now);
  EXPECT_TRUE(PollFor(*server, EventType::kSignatureWanted));
  EXPECT_EQ(server->facts().result.connection.alpn, "coap");
}

TEST(AssociationTest, AServerChoosesTheProtocolBeforeTheKey) {
  PairOptions options = DefaultPairOptions();
  options.client.handshake.connection.alpn = {"coap"};
  options.server.handshake.server.ask_psk = true;
  options.server.handshake.server.require_cookie = false;
  auto external = std::make_shared<ExternalPsk>();
  external->identity = {'i'};
  external->key = PskKey::CopyOf(std::vector<uint8_t>(16, 0x5a));
  const Psk psk(std::move(external));
  const Instant now{};
  auto client =
      Association::NewClient(std::make_shared<AssociationConfig>(options.client), {.psks = {psk}});
  auto server = Association::NewServer(std::make_shared<AssociationConfig>(options.server), {});
  std::vector<uint8_t> datagram(kDefaultMtu);
  datagram.resize(client->PollTransmit(datagram, now));
  server->HandleDatagram(datagram, now);
  ASSERT_TRUE(PollFor(*server, EventType::kPskWanted));
  server->ProvideProtocol("coap", now);
  EXPECT_FALSE(PollFor(*server, EventType::kPskWanted));
  server->ProvidePsk(0, psk, now);
  EXPECT_EQ(server->facts().result.psk_index, 0);
  EXPECT_EQ(server->facts().result.connection.alpn, "coap");
}

// A client whose own verifier thinks for long: nothing of the peer's is late.
TEST(AssociationTest, TheCallersOwnSlownessIsNoTimeout) {
  PairOptions options = DefaultPairOptions();
  const std::unique_ptr<Association> client = Association::NewClient(
      std::make_shared<AssociationConfig>(options.client), {.server_name = "server.example"});
  AssociationPair pair(std::move(options));
  // The pair's own client is not asked; what its server sends is handed on from the log.
  pair.link().SetFilter([](const sim::SentDatagram&) { return true; });
  std::array<uint8_t, 2048> datagram;
  Instant now = pair.now();
  size_t num_seen = 0;
  bool must_verify = false;
  for (int round = 0; round < 10 && !must_verify; ++round) {
    while (const size_t len = client->PollTransmit(datagram, now)) {
      pair.Inject(pair.server(), std::span(datagram).first(len));
      pair.RunFor(milliseconds(1));
    }
    for (; num_seen < pair.link().log().size(); ++num_seen) {
      const sim::SentDatagram& sent = pair.link().log()[num_seen];
      if (sent.direction == sim::Direction::kClientToServer) continue;
      std::vector<uint8_t> answer = sent.bytes;
      client->HandleDatagram(answer, now);
      must_verify |= PollFor(*client, EventType::kVerifyPeer);
    }
  }
  ASSERT_TRUE(must_verify);
  for (int minute = 0; minute < 60; ++minute) {
    now += std::chrono::minutes(1);
    client->HandleTimeout(now);
    while (client->PollTransmit(datagram, now) > 0) {
    }
  }
  EXPECT_FALSE(client->facts().failed);
  client->ProvideVerification(/*ok=*/true, AlertDescription::kCloseNotify, now);
  EXPECT_TRUE(client->facts().connected);
  EXPECT_GT(client->PollTransmit(datagram, now), 0u);
}

// Nothing gets through for an hour while a KeyUpdate is under way.
TEST(AssociationTest, AKeyUpdateOutlivesALongOutage) {
  AssociationPair pair(DefaultPairOptions());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  // The client hears the server all the time, and is not heard.
  bool is_out = true;
  pair.link().SetFilter([&](const sim::SentDatagram& sent) {
    return is_out && sent.direction == sim::Direction::kClientToServer;
  });
  pair.client().association->RequestKeyUpdate(/*request_peer=*/false, pair.now());
  pair.Flush(pair.client());
  for (int minute = 0; minute < 60; ++minute) {
    pair.RunFor(std::chrono::minutes(1));
    ASSERT_TRUE(pair.Send(pair.server(), "tick"));
  }
  EXPECT_TRUE(pair.client().association->facts().has_unacked);
  is_out = false;
  pair.RunFor(std::chrono::minutes(9));
  ASSERT_TRUE(pair.Send(pair.server(), "tick"));
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.client().association->facts().has_unacked);
  EXPECT_EQ(pair.client().association->facts().records.write_epoch(), Epoch{4});
}

}  // namespace
}  // namespace dtls13
