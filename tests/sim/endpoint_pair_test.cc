// SPDX-License-Identifier: Apache-2.0
// Two endpoints, each of many associations, over a bad link in virtual time.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/endpoint.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

const Bytes kServerAddress = {10, 0, 0, 1, 0x11, 0x51};

// Identity is a key with a certificate, who signs by it and who believes it.
struct Identity {
  explicit Identity(bool is_client) : key(NewTestKey("P-256")) {
    const Bytes certificate =
        MakeCertificate({.key = key.get(),
                         .issuer_key = key.get(),
                         .alternative_names = "DNS:server.example",
                         .key_purpose = is_client ? "clientAuth" : "serverAuth"});
    signer = Signer::FromKey(DefaultAlgorithms(), key.get());
    credential = std::make_shared<const Credential>(
        Credential{.chain = {certificate}, .schemes = signer->schemes()});
    std::string error;
    verifier = PeerVerifier::Create(
        DefaultAlgorithms(), {.ca_pem = ToPem(certificate), .verifies_clients = is_client}, &error);
    EXPECT_NE(verifier, nullptr) << error;
  }

  OpenSslPtr<EVP_PKEY> key;
  std::shared_ptr<const Signer> signer;
  std::shared_ptr<const Credential> credential;
  std::shared_ptr<const PeerVerifier> verifier;
};

const Identity& ServerIdentity() {
  static const auto* const identity = new Identity(/*is_client=*/false);
  return *identity;
}

const Identity& ClientIdentity() {
  static const auto* const identity = new Identity(/*is_client=*/true);
  return *identity;
}

// Node is one endpoint, where it is, and what it has said.
struct Node {
  Bytes address;
  std::unique_ptr<Endpoint> endpoint;
  bool echoes = false;
  bool answers_close = true;
  size_t num_accepted = 0;
  std::vector<AssociationId> connected;
  std::map<AssociationId, std::vector<Bytes>> received;
  std::vector<EndpointEvent> gone;
  std::vector<std::pair<AssociationId, Status>> failed;
  std::vector<AssociationId> closed;
  std::vector<AssociationId> questions;  // kVerifyPeer and kSignatureWanted
};

class EndpointPairTest : public testing::Test {
 protected:
  struct Parcel {
    Bytes from = {};
    Bytes to = {};
    Bytes bytes = {};
    size_t segment_len = 0;
  };

  EndpointPairTest() : options_(DefaultPairOptions()) {
    options_.server.handshake.connection_ids.receive_len = 8;
    options_.server.handshake.credential = ServerIdentity().credential;
    server_options_.signer = ServerIdentity().signer;
    client_options_.server_verifier = ServerIdentity().verifier;
    client_options_.accepts = false;
    server_.echoes = true;
    server_.address = kServerAddress;
    client_.address = {10, 0, 0, 2, 0x11, 0x52};
  }

  void Make() {
    server_options_.config = std::make_shared<const AssociationConfig>(options_.server);
    client_options_.config = std::make_shared<const AssociationConfig>(options_.client);
    server_.endpoint = Endpoint::Create(server_options_);
    client_.endpoint = Endpoint::Create(client_options_);
  }

  AssociationId Connect(const Bytes& to = kServerAddress) {
    return client_.endpoint->Connect(to, {.server_name = "server.example", .now = WallNow()}, now_);
  }
  // ConnectedId makes an association and waits for it.
  AssociationId ConnectedId() {
    const AssociationId id = Connect();
    RunFor(seconds(2));
    EXPECT_EQ(client_.connected, std::vector<AssociationId>{id});
    return id;
  }

  SendOutcome Say(AssociationId id, std::string_view text) {
    return client_.endpoint->Send(id, ToBytes(text));
  }

  WallTime WallNow() const {
    return WallTime(seconds(1'750'000'000)) +
           std::chrono::duration_cast<seconds>(now_.time_since_epoch());
  }

  void OnEvent(Node& node, const EndpointEvent& happened) {
    if (happened.type == EndpointEventType::kAccepted) ++node.num_accepted;
    if (happened.type == EndpointEventType::kGone) node.gone.push_back(happened);
    if (happened.type != EndpointEventType::kEvent) return;
    const Event& event = happened.event;
    switch (event.type) {
      case EventType::kConnected:
        node.connected.push_back(happened.id);
        break;
      case EventType::kApplicationData:
        node.received[happened.id].emplace_back(event.data.begin(), event.data.end());
        if (node.echoes) {
          EXPECT_EQ(node.endpoint->Send(happened.id, event.data), SendOutcome::kQueued);
        }
        break;
      case EventType::kPeerClosed:
        node.closed.push_back(happened.id);
        if (node.answers_close) node.endpoint->Close(happened.id);
        break;
      case EventType::kFailed:
        node.failed.emplace_back(happened.id, event.status);
        break;
      case EventType::kVerifyPeer:
      case EventType::kSignatureWanted:
        node.questions.push_back(happened.id);
        break;
      default:
        break;
    }
  }

  void Flush(Node& node) {
    while (const auto event = node.endpoint->PollEvent()) OnEvent(node, *event);
    while (true) {
      const std::span<const OutputBatch> batches = node.endpoint->PollTransmit(now_);
      if (batches.empty()) break;
      for (const OutputBatch& batch : batches) Carry(node.address, batch);
      node.endpoint->OnTransmitted(batches.size());
    }
  }

  // Carry loses single datagrams of a batch, and delivers the others together, as UDP_GRO does.
  void Carry(const Bytes& from, const OutputBatch& batch) {
    ASSERT_GT(batch.segment_len, 0u);
    longest_batch_ = std::max(longest_batch_, batch.bytes.size() / batch.segment_len);
    Parcel parcel{.from = from,
                  .to = {batch.peer_address.begin(), batch.peer_address.end()},
                  .segment_len = batch.segment_len};
    for (size_t at = 0; at < batch.bytes.size(); at += batch.segment_len) {
      if (std::uniform_real_distribution<>(0, 100)(random_) < loss_) continue;
      const auto one =
          batch.bytes.subspan(at, std::min(batch.segment_len, batch.bytes.size() - at));
      parcel.bytes.insert(parcel.bytes.end(), one.begin(), one.end());
    }
    if (!parcel.bytes.empty()) network_.emplace(now_ + milliseconds(10), std::move(parcel));
  }

  void RunFor(Duration duration) {
    const Instant until = now_ + duration;
    while (Step(until)) {
    }
    now_ = until;
  }

  bool Step(Instant until) {
    Flush(server_);
    Flush(client_);
    std::optional<Instant> next;
    const auto consider = [&next](std::optional<Instant> at) {
      if (at && (!next || *at < *next)) next = at;
    };
    if (!network_.empty()) consider(network_.begin()->first);
    consider(server_.endpoint->NextTimeout());
    consider(client_.endpoint->NextTimeout());
    if (!next || *next > until) return false;
    now_ = std::max(now_, *next);
    while (!network_.empty() && network_.begin()->first <= now_) {
      Parcel parcel = std::move(network_.begin()->second);
      network_.erase(network_.begin());
      for (Node* const node : {&server_, &client_}) {
        if (node->address != parcel.to) continue;
        const ReceivedDatagrams received{.peer_address = parcel.from,
                                         .host_len = 4,
                                         .bytes = parcel.bytes,
                                         .segment_len = parcel.segment_len};
        node->endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
        Flush(*node);
      }
    }
    server_.endpoint->HandleTimeout(now_);
    client_.endpoint->HandleTimeout(now_);
    return true;
  }

  PairOptions options_;
  EndpointOptions server_options_;
  EndpointOptions client_options_;
  Node server_;
  Node client_;
  double loss_ = 0;
  size_t longest_batch_ = 0;
  std::mt19937_64 random_{1};
  std::multimap<Instant, Parcel> network_;
  Instant now_{seconds(1)};
};

TEST_F(EndpointPairTest, AHandshakeIsAnsweredByTheOptionsAndDataGoBothWays) {
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(server_.num_accepted, 1u);
  EXPECT_TRUE(server_.questions.empty());
  EXPECT_TRUE(client_.questions.empty());
  EXPECT_EQ(Say(id, "hello"), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_EQ(client_.received[id], std::vector<Bytes>{ToBytes("hello")});
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kRetried], 1u);
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kAccepted], 1u);
  EXPECT_EQ(server_.endpoint->counters().connected, 1u);
  EXPECT_EQ(client_.endpoint->counters().connected, 1u);
  EXPECT_EQ(server_.endpoint->num_half_open(), 0u);
}

// The server's first flight has the client's Connection ID before the client knows that it is used.
TEST_F(EndpointPairTest, AClientHasConnectionIdsOfItsOwn) {
  options_.client.handshake.connection_ids.receive_len = 8;
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(Say(id, "hello"), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_EQ(client_.received[id], std::vector<Bytes>{ToBytes("hello")});
  EXPECT_EQ(client_.endpoint->counters()[InputCount::kUnknownConnectionId], 0u);
  EXPECT_GT(client_.endpoint->counters()[InputCount::kDelivered], 0u);
}

TEST_F(EndpointPairTest, WhatLingersMakesRoomForAClient) {
  client_options_.max_associations = 1;
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(Connect({10, 0, 0, 9, 0x11, 0x53}), 0u) << "there is no room beside a living one";
  client_.endpoint->Close(id);
  RunFor(seconds(1));
  ASSERT_EQ(client_.endpoint->size(), 1u) << "it lingers";
  EXPECT_NE(Connect({10, 0, 0, 9, 0x11, 0x53}), 0u);
  EXPECT_EQ(client_.endpoint->size(), 1u);
}

// An ACK that is here stops the timer that has run out while nobody looked.
TEST_F(EndpointPairTest, WhatCameIsLookedAtBeforeTimersRunOut) {
  Make();
  const AssociationId id = Connect();
  // Until the client has sent its Finished, and the server's ACK is on its way.
  while (client_.connected.empty()) ASSERT_TRUE(Step(now_ + seconds(1)));
  while (server_.connected.empty()) ASSERT_TRUE(Step(now_ + seconds(1)));
  Flush(server_);
  ASSERT_FALSE(network_.empty());
  ASSERT_TRUE(client_.endpoint->Use(id)->facts().has_unacked);
  Flush(client_);
  const uint64_t num_sent = client_.endpoint->counters().datagrams_out;
  now_ += client_.endpoint->Use(id)->facts().retransmit_timer.value + milliseconds(10);
  std::vector<ReceivedDatagrams> received;
  for (auto& [at, parcel] : network_) {
    if (parcel.to != client_.address) continue;
    received.push_back({.peer_address = parcel.from,
                        .host_len = 4,
                        .bytes = parcel.bytes,
                        .segment_len = parcel.segment_len});
  }
  client_.endpoint->HandleDatagrams(received, now_, WallNow());
  client_.endpoint->HandleTimeout(now_);
  Flush(client_);
  EXPECT_FALSE(client_.endpoint->Use(id)->facts().has_unacked);
  EXPECT_EQ(client_.endpoint->counters().datagrams_out, num_sent);
}

// The one that has been over for longest makes room, not the one that began first.
TEST_F(EndpointPairTest, WhoHasLingeredLongestGoesFirst) {
  client_options_.max_associations = 2;
  Make();
  const AssociationId first = ConnectedId();
  const AssociationId other = Connect({10, 0, 0, 9, 0x11, 0x53});
  ASSERT_NE(other, 0u);
  client_.endpoint->Use(other)->Abort(AlertDescription::kUserCanceled);
  Flush(client_);
  client_.endpoint->Close(first);
  RunFor(seconds(1));
  ASSERT_EQ(client_.endpoint->size(), 2u);
  ASSERT_NE(Connect({10, 0, 0, 9, 0x11, 0x54}), 0u);
  Flush(client_);
  ASSERT_EQ(client_.gone.size(), 1u);
  EXPECT_EQ(client_.gone[0].id, other);
}

TEST_F(EndpointPairTest, WithoutASignerAndAVerifierTheQuestionsAreTheCallers) {
  server_options_.signer = nullptr;
  client_options_.server_verifier = nullptr;
  Make();
  const AssociationId id = Connect();
  RunFor(seconds(1));
  ASSERT_EQ(server_.questions.size(), 1u);
  Association* const server = server_.endpoint->Use(server_.questions[0]);
  ASSERT_NE(server, nullptr);
  const SignatureRequest& request = server->facts().signature_request;
  server->ProvideSignature(*ServerIdentity().signer->Sign(request.scheme, request.input), now_);
  RunFor(seconds(1));
  ASSERT_EQ(client_.questions, std::vector<AssociationId>{id});
  client_.endpoint->Use(id)->ProvideVerification(true, {}, now_);
  RunFor(seconds(1));
  EXPECT_EQ(client_.connected, std::vector<AssociationId>{id});
}

TEST_F(EndpointPairTest, AServerThatIsNotBelievedIsRefused) {
  client_options_.server_verifier = ClientIdentity().verifier;
  client_options_.linger = seconds(3);
  Make();
  const AssociationId id = Connect();
  RunFor(seconds(2));
  ASSERT_EQ(client_.failed.size(), 1u);
  EXPECT_EQ(client_.failed[0].first, id);
  EXPECT_TRUE(client_.connected.empty());
  EXPECT_TRUE(client_.gone.empty());
  ASSERT_EQ(server_.failed.size(), 1u);  // by the alert
  RunFor(seconds(2));
  ASSERT_EQ(client_.gone.size(), 1u);
  EXPECT_EQ(client_.gone[0].gone, GoneReason::kFailed);
  EXPECT_EQ(client_.endpoint->size(), 0u);
}

TEST_F(EndpointPairTest, ClientsAreVerifiedForWhatTheyAre) {
  options_.server.handshake.server.client_authentication = ClientAuthentication::kRequired;
  server_options_.client_verifier = ClientIdentity().verifier;
  options_.client.handshake.credential = ClientIdentity().credential;
  client_options_.signer = ClientIdentity().signer;
  Make();
  ConnectedId();
  EXPECT_EQ(server_.connected.size(), 1u);
  EXPECT_TRUE(server_.questions.empty());
}

TEST_F(EndpointPairTest, EqualDatagramsLeaveAndArriveTogether) {
  Make();
  const AssociationId id = ConnectedId();
  longest_batch_ = 0;
  const size_t len = client_.endpoint->MaxPlaintext(id);
  for (uint8_t i = 0; i < 50; ++i) {
    ASSERT_EQ(client_.endpoint->Send(id, Bytes(len, i)), SendOutcome::kQueued);
  }
  EXPECT_EQ(client_.endpoint->Send(id, Bytes(len + 1)), SendOutcome::kTooLarge);
  RunFor(seconds(1));
  EXPECT_GE(longest_batch_, 50u);
  ASSERT_EQ(client_.received[id].size(), 50u);
  for (uint8_t i = 0; i < 50; ++i) EXPECT_EQ(client_.received[id][i], Bytes(len, i));
}

// One client endpoint, many servers' addresses for it: each association is a server's own.
TEST_F(EndpointPairTest, ManyAssociationsComeThroughLoss) {
  server_options_.max_hellos_per_host = 0;
  Make();
  loss_ = 10;
  constexpr size_t kRounds = 60;
  // One address has one association, so that each closes before the next begins.
  for (size_t round = 0; round < kRounds; ++round) {
    const AssociationId id = Connect();
    ASSERT_NE(id, 0u) << round;
    for (int tries = 0; tries < 100 && client_.received[id].empty(); ++tries) {
      Say(id, "hello");
      RunFor(milliseconds(700));
    }
    ASSERT_FALSE(client_.received[id].empty()) << round;
    // Nothing brings a close_notify again, nor makes up for the last one.
    if (round + 1 == kRounds) loss_ = 0;
    client_.endpoint->Close(id);
    client_.endpoint->Remove(id);
    RunFor(milliseconds(100));
  }
  EXPECT_EQ(client_.endpoint->size(), 0u);
  RunFor(minutes(10));
  EXPECT_EQ(server_.endpoint->size(), 0u);
}

TEST_F(EndpointPairTest, AnAddressHasOneAssociation) {
  client_options_.max_associations = 2;
  Make();
  EXPECT_NE(Connect(), 0u);
  EXPECT_EQ(Connect(), 0u);
  EXPECT_NE(Connect({10, 0, 0, 7, 0, 1}), 0u);
  EXPECT_EQ(Connect({10, 0, 0, 8, 0, 1}), 0u) << "over max_associations";
  EXPECT_EQ(Connect(Bytes(PathId::kMaxLen + 1)), 0u);
}

// A NAT gives the client another port: the server knows it by its Connection ID.
TEST_F(EndpointPairTest, AMovedClientIsFound) {
  Make();
  const AssociationId id = ConnectedId();
  client_.address = {10, 0, 0, 9, 0x22, 0x22};
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Say(id, "still me"), SendOutcome::kQueued);
    RunFor(seconds(1));
  }
  EXPECT_GE(client_.received[id].size(), 3u);
  EXPECT_EQ(server_.endpoint->size(), 1u);
  const auto address = server_.endpoint->peer_address(server_.connected[0]);
  EXPECT_EQ(Bytes(address.begin(), address.end()), client_.address);
}

// An application that knows by means of its own where the peer is.
TEST_F(EndpointPairTest, AnAssociationIsWhereItsOwnerSaysThatItIs) {
  options_.server.handshake.connection_ids.receive_len = 0;
  Make();
  const AssociationId id = ConnectedId();
  const AssociationId served = server_.connected[0];
  client_.address = {10, 0, 0, 9, 0x22, 0x22};
  EXPECT_EQ(Say(id, "lost"), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_TRUE(client_.received[id].empty());
  server_.endpoint->Use(served)->ConfirmPath(*PathId::Of(client_.address), now_);
  Flush(server_);
  const auto address = server_.endpoint->peer_address(served);
  EXPECT_EQ(Bytes(address.begin(), address.end()), client_.address);
  EXPECT_EQ(Say(id, "found"), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_EQ(client_.received[id], std::vector<Bytes>{ToBytes("found")});
  // And what is sent with nothing between goes there too.
  client_.address = {10, 0, 0, 9, 0x33, 0x33};
  server_.endpoint->Use(served)->ConfirmPath(*PathId::Of(client_.address), now_);
  EXPECT_EQ(server_.endpoint->Send(served, ToBytes("at once")), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_EQ(client_.received[id].back(), ToBytes("at once"));
}

TEST_F(EndpointPairTest, BothClosedLingerAndGo) {
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(Say(id, "last words"), SendOutcome::kQueued);
  client_.endpoint->Close(id);
  EXPECT_EQ(Say(id, "more"), SendOutcome::kClosed);
  RunFor(seconds(1));
  EXPECT_EQ(server_.closed.size(), 1u);
  EXPECT_EQ(client_.closed, std::vector<AssociationId>{id});
  EXPECT_EQ(server_.received.begin()->second, std::vector<Bytes>{ToBytes("last words")});
  EXPECT_EQ(client_.endpoint->size(), 1u);
  RunFor(client_options_.linger);
  ASSERT_EQ(client_.gone.size(), 1u);
  EXPECT_EQ(client_.gone[0].gone, GoneReason::kClosed);
  EXPECT_EQ(server_.endpoint->size() + client_.endpoint->size(), 0u);
  EXPECT_EQ(Say(id, "more"), SendOutcome::kNoAssociation);
  EXPECT_EQ(client_.endpoint->MaxPlaintext(id), 0u);
  EXPECT_EQ(client_.endpoint->NextTimeout(), std::nullopt);
}

// Who has ended an association need not wait for the next with the same server.
TEST_F(EndpointPairTest, AnAddressIsFreeOnceItsAssociationIsOver) {
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(Connect(), 0u);
  client_.endpoint->Close(id);
  RunFor(seconds(1));
  const AssociationId next = Connect();
  ASSERT_NE(next, 0u);
  RunFor(seconds(2));
  ASSERT_EQ(client_.gone.size(), 1u);
  EXPECT_EQ(client_.gone[0].id, id);
  EXPECT_EQ(client_.gone[0].gone, GoneReason::kClosed);
  EXPECT_EQ(client_.connected, (std::vector<AssociationId>{id, next}));
}

// Who half-closes still hears the answer; who then vanishes is not kept for ever.
TEST_F(EndpointPairTest, AHalfClosedAssociationReadsOnAndIsGivenUp) {
  server_.answers_close = false;
  client_options_.half_closed_timeout = seconds(30);
  Make();
  const AssociationId id = ConnectedId();
  EXPECT_EQ(Say(id, "question"), SendOutcome::kQueued);
  client_.endpoint->Close(id);
  RunFor(seconds(29));
  EXPECT_EQ(client_.received[id], std::vector<Bytes>{ToBytes("question")});
  EXPECT_EQ(server_.endpoint->Send(server_.connected[0], ToBytes("more")), SendOutcome::kQueued);
  RunFor(seconds(29));
  EXPECT_EQ(client_.received[id].size(), 2u);
  EXPECT_TRUE(client_.gone.empty());
  RunFor(seconds(30));
  ASSERT_EQ(client_.gone.size(), 1u);
  EXPECT_EQ(client_.gone[0].gone, GoneReason::kIdle);
}

TEST_F(EndpointPairTest, IdleAssociationsAreClosedAndForgotten) {
  server_options_.idle_timeout = minutes(10);
  Make();
  const AssociationId id = ConnectedId();
  for (int i = 0; i < 4; ++i) {
    RunFor(minutes(9));
    EXPECT_EQ(Say(id, "still here"), SendOutcome::kQueued);
  }
  RunFor(minutes(9));
  EXPECT_EQ(server_.endpoint->size(), 1u);
  EXPECT_TRUE(client_.closed.empty());
  RunFor(minutes(2));
  EXPECT_EQ(client_.closed, std::vector<AssociationId>{id});
  ASSERT_EQ(server_.gone.size(), 1u);
  EXPECT_EQ(server_.gone[0].gone, GoneReason::kIdle);
  EXPECT_EQ(server_.endpoint->size(), 0u);
}

TEST_F(EndpointPairTest, WhatWaitsForTheNetworkIsBounded) {
  client_options_.max_queued_bytes = 20000;
  Make();
  const AssociationId id = ConnectedId();
  size_t num_queued = 0;
  while (client_.endpoint->Send(id, Bytes(1000)) == SendOutcome::kQueued) ++num_queued;
  EXPECT_EQ(client_.endpoint->Send(id, Bytes(1000)), SendOutcome::kBlocked);
  EXPECT_GT(num_queued, 10u);
  EXPECT_LE(client_.endpoint->num_queued_bytes(), 20000u);
  RunFor(seconds(1));
  EXPECT_EQ(client_.endpoint->num_queued_bytes(), 0u);
  EXPECT_EQ(client_.endpoint->Send(id, Bytes(1000)), SendOutcome::kQueued);
  EXPECT_EQ(client_.received[id].size(), num_queued);
}

// A socket that takes nothing for a while: what associations owe waits, and is not lost.
TEST_F(EndpointPairTest, AHandshakeSurvivesAFullQueue) {
  client_options_.max_queued_bytes = 2000;
  Make();
  const AssociationId id = Connect();
  const AssociationId other = Connect({10, 0, 0, 7, 0, 1});
  EXPECT_FALSE(client_.endpoint->PollEvent());
  EXPECT_LE(client_.endpoint->num_queued_bytes(), 2000u);
  RunFor(seconds(3));
  EXPECT_EQ(client_.connected, std::vector<AssociationId>{id});
  EXPECT_NE(other, 0u);
}

TEST_F(EndpointPairTest, AClientsEndpointServesNobodyAndItsServerIsNoClient) {
  Make();
  ConnectedId();
  // A ClientHello of another client, as if it came from the server.
  const auto stranger = Association::NewClient(client_options_.config, {});
  Bytes hello(2000);
  hello.resize(stranger->PollTransmit(hello, now_));
  Bytes copy = hello;
  ReceivedDatagrams received{.peer_address = kServerAddress, .bytes = copy};
  client_.endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
  EXPECT_FALSE(client_.endpoint->PollEvent());
  EXPECT_EQ(client_.endpoint->counters()[InputCount::kNotAccepting], 1u);
  EXPECT_TRUE(client_.endpoint->PollTransmit(now_).empty());

  EXPECT_EQ(server_.endpoint->Connect(Bytes{10, 0, 0, 7, 0, 1}, {.now = WallNow()}, now_), 2u);
  Flush(server_);
  copy = hello;
  const Bytes there = {10, 0, 0, 7, 0, 1};
  received = {.peer_address = there, .bytes = copy};
  server_.endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
  EXPECT_FALSE(server_.endpoint->PollEvent());
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kAddressInUse], 1u);
}

TEST_F(EndpointPairTest, TheHellosOfAHostAreBoundedAndThoseOfOthersAreAnswered) {
  server_options_.max_hellos_per_host = 10;
  Make();
  const auto stranger = Association::NewClient(client_options_.config, {});
  Bytes hello(2000);
  hello.resize(stranger->PollTransmit(hello, now_));
  for (uint8_t port = 0; port < 100; ++port) {
    Bytes copy = hello;
    const Bytes from = {10, 0, 0, 66, 1, port};
    const ReceivedDatagrams received{.peer_address = from, .host_len = 4, .bytes = copy};
    server_.endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
    EXPECT_FALSE(server_.endpoint->PollEvent());
  }
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kRetried], 20u);
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kHelloRate], 80u);
  EXPECT_EQ(server_.endpoint->size(), 0u);
  ConnectedId();
}

// Clients of one host that prove its address and then say no more, from port after port.
TEST_F(EndpointPairTest, AHostDoesNotFillTheRoomForHalfOpenHandshakes) {
  server_options_.max_half_open = 16;
  server_options_.max_half_open_per_host = 3;
  Make();
  const auto hand_over = [&](const Bytes& from, std::span<uint8_t> bytes) {
    const ReceivedDatagrams received{.peer_address = from, .host_len = 4, .bytes = bytes};
    server_.endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
    while (const auto event = server_.endpoint->PollEvent()) OnEvent(server_, *event);
  };
  const auto prove = [&](uint8_t port) {
    const Bytes from = {10, 0, 0, 66, 1, port};
    const auto client = Association::NewClient(client_options_.config, {});
    Bytes hello(2000);
    hello.resize(client->PollTransmit(hello, now_));
    hand_over(from, hello);
    const auto batches = server_.endpoint->PollTransmit(now_);
    ASSERT_EQ(batches.size(), 1u);
    Bytes retry(batches[0].bytes.begin(), batches[0].bytes.end());
    server_.endpoint->OnTransmitted(1);
    client->HandleDatagram(retry, now_);
    hello.resize(2000);
    hello.resize(client->PollTransmit(hello, now_));
    hand_over(from, hello);
    server_.endpoint->OnTransmitted(server_.endpoint->PollTransmit(now_).size());
  };
  for (uint8_t port = 0; port < 10; ++port) prove(port);
  EXPECT_EQ(server_.endpoint->num_half_open(), 3u);
  EXPECT_EQ(server_.endpoint->counters()[InputCount::kNoRoom], 7u);
  ConnectedId();
  // Once its oldest is old, that gives way, and nobody else's.
  RunFor(server_options_.min_half_open_age);
  server_.gone.clear();
  prove(10);
  EXPECT_EQ(server_.endpoint->num_half_open(), 3u);
  ASSERT_EQ(server_.gone.size(), 1u);
  EXPECT_EQ(server_.gone[0].gone, GoneReason::kDisplaced);
  EXPECT_EQ(server_.gone[0].id, 1u);
}

// Whatever comes from wherever: nothing is kept, and no association minds.
TEST_F(EndpointPairTest, HostileDatagramsCostNothing) {
  Make();
  const AssociationId id = ConnectedId();
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes(random() % 120);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    constexpr std::array<uint8_t, 6> kFirst = {20, 21, 22, 0x2f, 0x3f, 26};
    if (!bytes.empty() && random() % 4 != 0) bytes[0] = kFirst[random() % kFirst.size()];
    Bytes from = client_.address;
    if (random() % 2 == 0) from.back() = static_cast<uint8_t>(random());
    if (random() % 100 == 0) from.resize(random() % 100);
    const ReceivedDatagrams received{.peer_address = from,
                                     .host_len = random() % 8,
                                     .bytes = bytes,
                                     .segment_len = random() % 3 == 0 ? random() % 60 : 0};
    server_.endpoint->HandleDatagrams({&received, 1}, now_, WallNow());
    Flush(server_);
  }
  EXPECT_EQ(server_.num_accepted, 1u);
  EXPECT_EQ(server_.endpoint->size(), 1u);
  EXPECT_GT(server_.endpoint->counters()[InputCount::kUnknownConnectionId], 0u);
  EXPECT_GT(server_.endpoint->counters()[InputCount::kUnknownAddress], 0u);
  EXPECT_GT(server_.endpoint->counters()[InputCount::kBadAddress], 0u);
  network_.clear();
  EXPECT_EQ(Say(id, "hello"), SendOutcome::kQueued);
  RunFor(seconds(1));
  EXPECT_EQ(client_.received[id], std::vector<Bytes>{ToBytes("hello")});
}

TEST_F(EndpointPairTest, ADatagramThatIsTooLargeMakesTheNextOnesSmaller) {
  Make();
  const AssociationId id = ConnectedId();
  const size_t before = client_.endpoint->MaxPlaintext(id);
  client_.endpoint->OnDatagramTooLarge(/*id=*/0, before, now_);
  client_.endpoint->OnDatagramTooLarge(id + 1, before, now_);
  EXPECT_EQ(client_.endpoint->Send(id, Bytes(before)), SendOutcome::kQueued);
  const auto batches = client_.endpoint->PollTransmit(now_);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].id, id);
  client_.endpoint->OnDatagramTooLarge(batches[0].id, batches[0].bytes.size(), now_);
  client_.endpoint->OnTransmitted(1);
  RunFor(seconds(1));
  EXPECT_LT(client_.endpoint->MaxPlaintext(id), before);
  EXPECT_EQ(client_.endpoint->Send(id, Bytes(before)), SendOutcome::kTooLarge);
}

TEST_F(EndpointPairTest, EveryCountHasAName) {
  for (size_t i = 0; i < kNumInputCounts; ++i) {
    EXPECT_GT(std::string(InputCountName(static_cast<InputCount>(i))).size(), 3u);
  }
}

}  // namespace
}  // namespace dtls13::sim
