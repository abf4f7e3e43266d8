// SPDX-License-Identifier: Apache-2.0
// A server with one socket and many clients, in virtual time.

#include "dtls13/endpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/sim/endpoint_world.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

using World = EndpointWorld;
using Client = EndpointWorld::Client;

// EndpointProfileTest has what an endpoint does for either wire profile.
class EndpointProfileTest : public testing::TestWithParam<WireProfile> {};

INSTANTIATE_TEST_SUITE_P(EveryProfile, EndpointProfileTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

TEST_P(EndpointProfileTest, ServesManyClientsThroughLossRebootsAndForgedHellos) {
  constexpr size_t kNumClients = 200;
  World world({}, /*loss=*/10, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/0,
              GetParam());
  for (size_t i = 0; i < kNumClients; ++i) {
    world.AddClient();
    if (i % 10 == 0) world.RunFor(milliseconds(20));
  }
  world.RunFor(seconds(3));
  // Connected clients' addresses are sent hellos that are not their own, with a cookie and without.
  // (A client that waits for its ServerHello could be given a HelloRetryRequest that way: nothing
  // says whose hello that answers.)
  const Client& other = world.clients().rbegin()->second;
  ASSERT_GE(other.sent.size(), 2u);
  for (auto& [address, client] : world.clients()) {
    if (!client.connected || client.address == other.address) continue;
    for (size_t i = 0; i < 2; ++i) world.ToServer(address, other.sent[i]);
  }
  world.RunFor(milliseconds(100));
  size_t index = 0;
  for (auto& [address, client] : world.clients()) {
    if (index++ % 3 == 0) world.Start(client);
  }
  world.RunFor(minutes(2));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.endpoint().size(), kNumClients);
  EXPECT_EQ(world.endpoint().num_half_open(), 0u);
  EXPECT_EQ(world.endpoint().counters()[InputCount::kNoRoom], 0u);
}

class OneClientTest : public testing::TestWithParam<WireProfile> {
 protected:
  OneClientTest()
      : world_({}, /*loss=*/0, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/0,
               GetParam()),
        client_(world_.AddClient()) {
    world_.RunFor(seconds(2));
    EXPECT_TRUE(client_.served);
    EXPECT_EQ(world_.endpoint().size(), 1u);
  }

  World world_;
  Client& client_;
};

INSTANTIATE_TEST_SUITE_P(EveryProfile, OneClientTest,
                         testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

// F39
//= rfc9147#section-5.11
//= type=test
//# In cases where a server believes it has an existing association on a
//# given host/port quartet and it receives an epoch=0 ClientHello, it
//# SHOULD proceed with a new handshake but MUST NOT destroy the existing
//# association until the client has demonstrated reachability either by
//# completing a cookie exchange or by completing a complete handshake
//# including delivering a verifiable Finished message.
// F23: both hellos of every client in several datagrams, delayed and lost each on its own.
TEST_P(EndpointProfileTest, ServesClientsWhoseHellosComeInPieces) {
  constexpr size_t kNumClients = 40;
  World world({}, /*loss=*/10, /*seed=*/2, /*large_hellos=*/true, /*connection_id_len=*/0,
              GetParam());
  for (size_t i = 0; i < kNumClients; ++i) {
    world.AddClient();
    if (i % 10 == 0) world.RunFor(milliseconds(20));
  }
  world.RunFor(minutes(2));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.endpoint().size(), kNumClients);
}

TEST_P(OneClientTest, F39ForgedHellosLeaveALivingAssociationAlone) {
  Client& other = world_.AddClient();
  world_.RunFor(seconds(2));
  const size_t accepted = world_.num_accepted();
  for (int i = 0; i < 100; ++i) {
    // A first hello, and one whose cookie is of another address.
    world_.ToServer(client_.address, other.sent[0]);
    world_.ToServer(client_.address, other.sent[1]);
  }
  EXPECT_EQ(world_.num_accepted(), accepted);
  EXPECT_EQ(world_.endpoint().size(), 2u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
  EXPECT_TRUE(world_.gone().empty());
}

// F39: who sees the datagrams can repeat them.
TEST_P(OneClientTest, F39RepeatedHellosOfItsOwnLeaveALivingAssociationAlone) {
  for (int i = 0; i < 10; ++i) {
    for (const Bytes& datagram : client_.sent) {
      world_.ToServer(client_.address, datagram);
    }
  }
  EXPECT_EQ(world_.num_accepted(), 1u);
  EXPECT_EQ(world_.endpoint().size(), 1u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
}

// F39
//= rfc9147#section-5.11
//= type=test
//# After a correct Finished message is received, the server MUST abandon
//# the previous association to avoid confusion between two valid
//# associations with overlapping epochs.
//= draft-ietf-tls-dtls13-26#section-5.9
//= type=test
//# In these cases, trial decryption MAY be necessary, though
//# implementations could also use some sort of connection identifier,
TEST_P(OneClientTest, F39ARebootedClientReplacesItsAssociationOnceFinished) {
  std::unique_ptr<Association> old = std::move(client_.association);
  world_.Start(client_);
  // The cookie exchange is over after two round trips of at most 50 ms; the old one lives on.
  for (int i = 0; i < 100 && world_.endpoint().size() < 2; ++i) world_.RunFor(milliseconds(1));
  ASSERT_EQ(world_.endpoint().size(), 2u);
  EXPECT_TRUE(world_.gone().empty());
  std::array<uint8_t, 100> record;
  size_t len = 0;
  const size_t received = world_.num_received();
  ASSERT_EQ(old->Seal(ToBytes("still here"), record, &len), SendResult::kSealed);
  world_.ToServer(client_.address, std::span(record).first(len));
  EXPECT_EQ(world_.num_received(), received + 1);

  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
  EXPECT_EQ(world_.endpoint().size(), 1u);
  ASSERT_EQ(world_.gone().size(), 1u);
  EXPECT_EQ(world_.gone()[0].id, 1u);
  EXPECT_EQ(world_.gone()[0].successor, 2u);
  const size_t before = world_.num_received();
  ASSERT_EQ(old->Seal(ToBytes("too late"), record, &len), SendResult::kSealed);
  world_.ToServer(client_.address, std::span(record).first(len));
  EXPECT_EQ(world_.num_received(), before);
}

TEST_P(OneClientTest, AnUnfinishedHandshakeBesideALivingAssociationEndsByItself) {
  std::unique_ptr<Association> living = std::move(client_.association);
  world_.Start(client_);
  for (int i = 0; i < 100 && world_.endpoint().size() < 2; ++i) world_.RunFor(milliseconds(1));
  ASSERT_EQ(world_.endpoint().size(), 2u);
  client_.association = std::move(living);
  client_.connected = true;
  client_.served = true;
  world_.RunFor(minutes(10));
  EXPECT_EQ(world_.endpoint().size(), 1u);
  ASSERT_EQ(world_.gone().size(), 1u);
  EXPECT_EQ(world_.gone()[0].id, 2u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
}

TEST_P(OneClientTest, WhatIsClosedBothWaysLingersAndGoes) {
  client_.association->Close();
  world_.RunFor(seconds(1));
  EXPECT_EQ(world_.endpoint().size(), 1u);
  Association* const association = world_.endpoint().Use(1);
  ASSERT_NE(association, nullptr);
  EXPECT_TRUE(association->facts().peer_closed);
  association->Close();
  world_.ToServer({}, {});  // polls
  world_.RunFor(seconds(1));
  EXPECT_EQ(world_.endpoint().size(), 1u);
  world_.RunFor(seconds(10));
  EXPECT_EQ(world_.endpoint().size(), 0u);
  EXPECT_EQ(world_.endpoint().NextTimeout(), std::nullopt);
  EXPECT_EQ(world_.endpoint().Use(1), nullptr);
  EXPECT_TRUE(world_.endpoint().peer_address(1).empty());
}

TEST_P(OneClientTest, RemoveForgetsAtOnce) {
  world_.endpoint().Remove(1);
  EXPECT_EQ(world_.endpoint().size(), 0u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_FALSE(client_.served);
  world_.Start(client_);
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
}

// Clients that prove themselves and then say no more.
TEST(EndpointTest, HalfOpenHandshakesAreBoundedAndTheOldestGivesWay) {
  World world({.max_half_open = 4});
  for (int i = 0; i < 8; ++i) {
    world.AddClient();
    world.RunFor(milliseconds(52));  // both hellos are answered, the flight is not
    world.set_loss(100);
    world.RunFor(milliseconds(200));
    world.set_loss(0);
  }
  // None is old enough to be given up for another.
  EXPECT_LE(world.endpoint().num_half_open(), 4u);
  world.RunFor(minutes(1));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.endpoint().size(), 8u);
}

TEST(EndpointTest, LivingAssociationsAreNeverDisplaced) {
  World world({.max_associations = 3});
  for (int i = 0; i < 5; ++i) world.AddClient();
  world.RunFor(seconds(5));
  EXPECT_EQ(world.endpoint().size(), 3u);
  EXPECT_GT(world.endpoint().counters()[InputCount::kNoRoom], 0u);
  EXPECT_TRUE(world.gone().empty());
  // Where one goes, there is room for the next that asks.
  world.endpoint().Remove(1);
  world.RunFor(seconds(30));
  EXPECT_EQ(world.endpoint().size(), 3u);
}

TEST(EndpointTest, AnotherVersionAndGarbageCostNothing) {
  World world;
  world.ToServer(ToBytes("a"), {});
  world.ToServer(ToBytes("a"), ToBytes("garbage"));
  const Bytes hello = WholeMessage(HandshakeType::kClientHello, 0, Bytes(60));
  for (size_t len = 0; len <= hello.size(); ++len) {
    world.ToServer(ToBytes("a"),
                   Forge::Plaintext(ContentType::kHandshake, 0, len, std::span(hello).first(len)));
  }
  world.ToServer(ToBytes("a"), Forge::Plaintext(ContentType::kAlert, 0, 0, Bytes{2, 40}));
  EXPECT_EQ(world.endpoint().size(), 0u);
  EXPECT_EQ(world.num_accepted(), 0u);
}

// Which association a datagram is for is in its Connection ID, wherever it comes from; the answers
// follow once the new address is proved, and whoever has the old one by then is a stranger there.
TEST(EndpointTest, FindsAMovedClientByItsConnectionId) {
  World world({}, /*loss=*/0, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/8);
  Client& client = world.AddClient();
  world.RunFor(seconds(5));
  world.AddClient();
  world.RunFor(seconds(5));
  ASSERT_TRUE(world.AllServed());
  const Bytes old_address = client.address;
  const Bytes new_address = {192, 168, 0, 1, 0x43, 0x21};
  Client& moved = world.Move(client, new_address);
  moved.served = false;
  world.RunFor(seconds(5));
  EXPECT_TRUE(moved.served);
  EXPECT_EQ(world.endpoint().size(), 2u);
  const auto address = world.endpoint().peer_address(1);
  EXPECT_EQ(Bytes(address.begin(), address.end()), new_address);

  // A newcomer on the old address is nobody's successor.
  Client& newcomer = world.clients()[old_address];
  newcomer.address = old_address;
  world.Start(newcomer);
  world.RunFor(seconds(5));
  EXPECT_TRUE(newcomer.served);
  EXPECT_EQ(world.endpoint().size(), 3u);
  EXPECT_TRUE(world.gone().empty());
}

// Identifiers of one byte meet soon. Each client is heard all the same, as long as there are any.
TEST(EndpointTest, NoTwoAssociationsHandOutTheSameConnectionId) {
  World world({}, /*loss=*/0, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/1);
  for (int i = 0; i < 200; ++i) world.AddClient();
  world.RunFor(seconds(30));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.endpoint().size(), 200u);
  std::set<Bytes> ids;
  for (const auto& [address, client] : world.clients()) {
    EXPECT_FALSE(client.failure);
    const auto id = client.association->facts().records.send_connection_id();
    EXPECT_TRUE(ids.insert(Bytes(id.begin(), id.end())).second);
  }
  for (int i = 0; i < 100; ++i) world.AddClient();
  world.RunFor(seconds(30));
  const auto num_failed =
      std::count_if(world.clients().begin(), world.clients().end(),
                    [](const auto& entry) { return entry.second.failure.has_value(); });
  EXPECT_GE(num_failed, 44);
  EXPECT_LT(num_failed, 100);
}

TEST(EndpointTest, DropsWhatCarriesAnUnknownConnectionId) {
  World world({}, /*loss=*/0, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/8);
  Client& client = world.AddClient();
  world.RunFor(seconds(5));
  ASSERT_TRUE(client.served);
  const size_t num_received = world.num_received();
  Bytes datagram = client.sent.back();
  ASSERT_EQ(datagram[0] & 0xf0, 0x30) << "no Connection ID";
  datagram[1] ^= 1;
  world.ToServer(client.address, datagram);
  EXPECT_EQ(world.num_received(), num_received);
  EXPECT_EQ(world.endpoint().Use(1)->facts().records.num_dropped(DropReason::kConnectionId), 0u)
      << "it was handed to an association";
}

}  // namespace
}  // namespace dtls13::sim
