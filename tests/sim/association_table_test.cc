// SPDX-License-Identifier: Apache-2.0
// A server with one socket and many clients, in virtual time.

#include "dtls13/association_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

// Client is one end with an address. It says "hello" until it hears it back.
struct Client {
  Bytes address;
  std::unique_ptr<Association> association;
  std::vector<Bytes> sent;  // all its datagrams
  bool connected = false;
  bool served = false;
  std::optional<Status> failure;
};

// World is a network that loses datagrams and delays each by as much as it likes, a server on it
// with a table, and its clients.
class World {
 public:
  explicit World(AssociationTableOptions table_options = {}, double loss = 0, uint64_t seed = 1,
                 bool large_hellos = false, size_t connection_id_len = 0)
      : options_(DefaultPairOptions(seed)), random_(seed), loss_(loss) {
    options_.server.handshake.connection_ids.receive_len = connection_id_len;
    if (large_hellos) {
      // In bytes, what a post-quantum share is at an ordinary MTU: two datagrams for a hello.
      options_.client.mtu = kMinMtu;
      options_.client.handshake.client.initial_key_shares = {NamedGroup::kX25519,
                                                             NamedGroup::kSecp521r1};
    }
    options_.server.handshake.credential = identity_.credential();
    client_config_ = std::make_shared<AssociationConfig>(options_.client);
    table_.emplace(std::make_shared<AssociationConfig>(options_.server), table_options);
  }

  AssociationTable& table() { return *table_; }
  Instant now() const { return now_; }
  const std::vector<TableEvent>& gone() const { return gone_; }
  size_t num_accepted() const { return num_accepted_; }
  size_t num_received() const { return num_received_; }
  void set_loss(double loss) { loss_ = loss; }

  Client& AddClient() {
    const auto index = static_cast<uint8_t>(clients_.size());
    const Bytes address = {10, static_cast<uint8_t>(clients_.size() >> 8), index, 0x12, 0x34};
    Client& client = clients_[address];
    client.address = address;
    Start(client);
    return client;
  }

  // Start begins a new association on the client's address; one that it had is forgotten, as by a
  // reboot.
  void Start(Client& client) {
    client.association = Association::NewClient(client_config_, {.server_name = "server.example"});
    client.connected = client.served = false;
    FlushClient(client);
  }

  void Say(Client& client, std::string_view text) {
    std::array<uint8_t, 2048> buffer;
    size_t len = 0;
    ASSERT_EQ(client.association->Seal(ToBytes(text), buffer, &len), SendResult::kSealed);
    SendFromClient(client, std::span(buffer).first(len));
  }

  // Move gives a client another address, as a NAT does.
  Client& Move(Client& client, const Bytes& address) {
    auto node = clients_.extract(client.address);
    node.key() = node.mapped().address = address;
    return clients_.insert(std::move(node)).position->second;
  }

  // ToServer hands over bytes as if they came from `address`.
  void ToServer(const Bytes& address, std::span<const uint8_t> bytes) {
    Bytes datagram(bytes.begin(), bytes.end());
    table_->HandleDatagram(address, datagram, now_, WallNow());
    FlushServer();
  }

  // RunFor lets time pass; whoever is connected and not served asks again each half second.
  void RunFor(Duration duration) {
    const Instant until = now_ + duration;
    while (Step(until)) {
    }
    now_ = until;
  }

  bool AllServed() const {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& entry) { return entry.second.served; });
  }
  std::map<Bytes, Client>& clients() { return clients_; }

 private:
  struct Datagram {
    bool to_server = false;
    Bytes address;
    Bytes bytes;
  };

  WallTime WallNow() const {
    return WallTime(seconds(1'700'000'000)) +
           std::chrono::duration_cast<seconds>(now_.time_since_epoch());
  }

  void Send(Datagram datagram) {
    if (std::uniform_real_distribution<>(0, 100)(random_) < loss_) return;
    const auto delay = milliseconds(5 + random_() % 20);
    network_.emplace(now_ + delay, std::move(datagram));
  }

  void SendFromClient(Client& client, std::span<const uint8_t> bytes) {
    client.sent.emplace_back(bytes.begin(), bytes.end());
    Send({.to_server = true, .address = client.address, .bytes = client.sent.back()});
  }

  // All that a server has to do after any call.
  void FlushServer() {
    for (bool more = true; more;) {
      more = false;
      while (const auto datagram = table_->PollTransmit(buffer_, now_)) {
        Send({.to_server = false,
              .address = {datagram->peer_address.begin(), datagram->peer_address.end()},
              .bytes = {buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(datagram->len)}});
      }
      while (const auto event = table_->PollEvent()) {
        HandleServerEvent(*event);
        more = true;
      }
    }
  }

  void HandleServerEvent(const TableEvent& event) {
    if (event.type == TableEventType::kAccepted) ++num_accepted_;
    if (event.type == TableEventType::kGone) gone_.push_back(event);
    if (event.type != TableEventType::kEvent) return;
    if (event.event.type == EventType::kSignatureWanted) {
      Association* const association = table_->Use(event.id);
      const SignatureRequest& request = association->facts().signature_request;
      association->ProvideSignature(identity_.Sign(request.scheme, request.input), now_);
    } else if (event.event.type == EventType::kApplicationData) {
      ++num_received_;
      const Bytes text(event.event.data.begin(), event.event.data.end());
      size_t len = 0;
      if (table_->Use(event.id)->Seal(text, buffer_, &len) != SendResult::kSealed) return;
      const auto address = table_->peer_address(event.id);
      Send({.to_server = false,
            .address = {address.begin(), address.end()},
            .bytes = {buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(len)}});
    }
  }

  void FlushClient(Client& client) {
    std::array<uint8_t, 2048> buffer;
    for (bool more = true; more;) {
      more = false;
      while (const size_t len = client.association->PollTransmit(buffer, now_)) {
        SendFromClient(client, std::span(buffer).first(len));
      }
      while (const auto event = client.association->PollEvent()) {
        more = true;
        if (event->type == EventType::kVerifyPeer) {
          client.association->ProvideVerification(true, AlertDescription::kUnknownCa, now_);
        } else if (event->type == EventType::kConnected) {
          client.connected = true;
        } else if (event->type == EventType::kApplicationData) {
          client.served = true;
        } else if (event->type == EventType::kFailed) {
          client.failure = event->status;
        }
      }
    }
  }

  bool Step(Instant until) {
    std::optional<Instant> next = table_->NextTimeout();
    const auto consider = [&next](std::optional<Instant> at) {
      if (at && (!next || *at < *next)) next = at;
    };
    if (!network_.empty()) consider(network_.begin()->first);
    for (auto& [address, client] : clients_) consider(client.association->NextTimeout());
    consider(next_question_);
    if (!next || *next > until) return false;
    now_ = std::max(now_, *next);
    while (!network_.empty() && network_.begin()->first <= now_) {
      const Datagram datagram = std::move(network_.begin()->second);
      network_.erase(network_.begin());
      Deliver(datagram);
    }
    table_->HandleTimeout(now_);
    FlushServer();
    for (auto& [address, client] : clients_) {
      client.association->HandleTimeout(now_);
      FlushClient(client);
    }
    if (now_ >= next_question_) Ask();
    return true;
  }

  void Ask() {
    next_question_ = now_ + milliseconds(500);
    for (auto& [address, client] : clients_) {
      if (client.connected && !client.served && !client.failure) Say(client, "hello");
    }
  }

  void Deliver(const Datagram& datagram) {
    if (datagram.to_server) {
      ToServer(datagram.address, datagram.bytes);
      return;
    }
    const auto client = clients_.find(datagram.address);
    if (client == clients_.end()) return;
    Bytes bytes = datagram.bytes;
    client->second.association->HandleDatagram(bytes, now_);
    FlushClient(client->second);
  }

  PairOptions options_;
  const TestIdentity& identity_ = TestIdentity::Get(KeyType::kEcdsaP256);
  std::mt19937_64 random_;
  double loss_;
  std::shared_ptr<const AssociationConfig> client_config_;
  std::optional<AssociationTable> table_;
  std::map<Bytes, Client> clients_;
  std::multimap<Instant, Datagram> network_;
  Instant now_{};
  Instant next_question_{};
  std::array<uint8_t, 2048> buffer_{};
  std::vector<TableEvent> gone_;
  size_t num_accepted_ = 0;
  size_t num_received_ = 0;
};

TEST(AssociationTableTest, ServesManyClientsThroughLossRebootsAndForgedHellos) {
  constexpr size_t kNumClients = 200;
  World world({}, /*loss=*/10);
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
  EXPECT_EQ(world.table().size(), kNumClients);
  EXPECT_EQ(world.table().num_half_open(), 0u);
  EXPECT_EQ(world.table().num_refused(), 0u);
}

class OneClientTest : public testing::Test {
 protected:
  OneClientTest() : client_(world_.AddClient()) {
    world_.RunFor(seconds(2));
    EXPECT_TRUE(client_.served);
    EXPECT_EQ(world_.table().size(), 1u);
  }

  World world_;
  Client& client_;
};

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
TEST(AssociationTableTest, ServesClientsWhoseHellosComeInPieces) {
  constexpr size_t kNumClients = 40;
  World world({}, /*loss=*/10, /*seed=*/2, /*large_hellos=*/true);
  for (size_t i = 0; i < kNumClients; ++i) {
    world.AddClient();
    if (i % 10 == 0) world.RunFor(milliseconds(20));
  }
  world.RunFor(minutes(2));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.table().size(), kNumClients);
}

TEST_F(OneClientTest, F39ForgedHellosLeaveALivingAssociationAlone) {
  Client& other = world_.AddClient();
  world_.RunFor(seconds(2));
  const size_t accepted = world_.num_accepted();
  for (int i = 0; i < 100; ++i) {
    // A first hello, and one whose cookie is of another address.
    world_.ToServer(client_.address, other.sent[0]);
    world_.ToServer(client_.address, other.sent[1]);
  }
  EXPECT_EQ(world_.num_accepted(), accepted);
  EXPECT_EQ(world_.table().size(), 2u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
  EXPECT_TRUE(world_.gone().empty());
}

// F39: who sees the datagrams can repeat them.
TEST_F(OneClientTest, F39RepeatedHellosOfItsOwnLeaveALivingAssociationAlone) {
  for (int i = 0; i < 10; ++i) {
    for (const Bytes& datagram : client_.sent) {
      world_.ToServer(client_.address, datagram);
    }
  }
  EXPECT_EQ(world_.num_accepted(), 1u);
  EXPECT_EQ(world_.table().size(), 1u);
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
TEST_F(OneClientTest, F39ARebootedClientReplacesItsAssociationOnceFinished) {
  std::unique_ptr<Association> old = std::move(client_.association);
  world_.Start(client_);
  // The cookie exchange is over after two round trips of at most 50 ms; the old one lives on.
  for (int i = 0; i < 100 && world_.table().size() < 2; ++i) world_.RunFor(milliseconds(1));
  ASSERT_EQ(world_.table().size(), 2u);
  EXPECT_TRUE(world_.gone().empty());
  std::array<uint8_t, 100> record;
  size_t len = 0;
  const size_t received = world_.num_received();
  ASSERT_EQ(old->Seal(ToBytes("still here"), record, &len), SendResult::kSealed);
  world_.ToServer(client_.address, std::span(record).first(len));
  EXPECT_EQ(world_.num_received(), received + 1);

  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
  EXPECT_EQ(world_.table().size(), 1u);
  ASSERT_EQ(world_.gone().size(), 1u);
  EXPECT_EQ(world_.gone()[0].id, 1u);
  EXPECT_EQ(world_.gone()[0].successor, 2u);
  const size_t before = world_.num_received();
  ASSERT_EQ(old->Seal(ToBytes("too late"), record, &len), SendResult::kSealed);
  world_.ToServer(client_.address, std::span(record).first(len));
  EXPECT_EQ(world_.num_received(), before);
}

TEST_F(OneClientTest, AnUnfinishedHandshakeBesideALivingAssociationEndsByItself) {
  std::unique_ptr<Association> living = std::move(client_.association);
  world_.Start(client_);
  for (int i = 0; i < 100 && world_.table().size() < 2; ++i) world_.RunFor(milliseconds(1));
  ASSERT_EQ(world_.table().size(), 2u);
  client_.association = std::move(living);
  client_.connected = true;
  client_.served = true;
  world_.RunFor(minutes(10));
  EXPECT_EQ(world_.table().size(), 1u);
  ASSERT_EQ(world_.gone().size(), 1u);
  EXPECT_EQ(world_.gone()[0].id, 2u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
}

TEST_F(OneClientTest, WhatIsClosedBothWaysLingersAndGoes) {
  client_.association->Close();
  world_.RunFor(seconds(1));
  EXPECT_EQ(world_.table().size(), 1u);
  Association* const association = world_.table().Use(1);
  ASSERT_NE(association, nullptr);
  EXPECT_TRUE(association->facts().peer_closed);
  association->Close();
  world_.ToServer({}, {});  // polls
  world_.RunFor(seconds(1));
  EXPECT_EQ(world_.table().size(), 1u);
  world_.RunFor(seconds(10));
  EXPECT_EQ(world_.table().size(), 0u);
  EXPECT_EQ(world_.table().NextTimeout(), std::nullopt);
  EXPECT_EQ(world_.table().Use(1), nullptr);
  EXPECT_TRUE(world_.table().peer_address(1).empty());
}

TEST_F(OneClientTest, RemoveForgetsAtOnce) {
  world_.table().Remove(1);
  EXPECT_EQ(world_.table().size(), 0u);
  client_.served = false;
  world_.RunFor(seconds(2));
  EXPECT_FALSE(client_.served);
  world_.Start(client_);
  world_.RunFor(seconds(2));
  EXPECT_TRUE(client_.served);
}

// Clients that prove themselves and then say no more.
TEST(AssociationTableTest, HalfOpenHandshakesAreBoundedAndTheOldestGivesWay) {
  World world({.max_half_open = 4});
  for (int i = 0; i < 8; ++i) {
    world.AddClient();
    world.RunFor(milliseconds(52));  // both hellos are answered, the flight is not
    world.set_loss(100);
    world.RunFor(milliseconds(200));
    world.set_loss(0);
  }
  // None is old enough to be given up for another.
  EXPECT_LE(world.table().num_half_open(), 4u);
  world.RunFor(minutes(1));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.table().size(), 8u);
}

TEST(AssociationTableTest, LivingAssociationsAreNeverDisplaced) {
  World world({.max_associations = 3});
  for (int i = 0; i < 5; ++i) world.AddClient();
  world.RunFor(seconds(5));
  EXPECT_EQ(world.table().size(), 3u);
  EXPECT_GT(world.table().num_refused(), 0u);
  EXPECT_TRUE(world.gone().empty());
  // Where one goes, there is room for the next that asks.
  world.table().Remove(1);
  world.RunFor(seconds(30));
  EXPECT_EQ(world.table().size(), 3u);
}

TEST(AssociationTableTest, AnotherVersionAndGarbageCostNothing) {
  World world;
  world.ToServer(ToBytes("a"), {});
  world.ToServer(ToBytes("a"), ToBytes("garbage"));
  const Bytes hello = WholeMessage(HandshakeType::kClientHello, 0, Bytes(60));
  for (size_t len = 0; len <= hello.size(); ++len) {
    world.ToServer(ToBytes("a"),
                   Forge::Plaintext(ContentType::kHandshake, 0, len, std::span(hello).first(len)));
  }
  world.ToServer(ToBytes("a"), Forge::Plaintext(ContentType::kAlert, 0, 0, Bytes{2, 40}));
  EXPECT_EQ(world.table().size(), 0u);
  EXPECT_EQ(world.num_accepted(), 0u);
}

// Which association a datagram is for is in its Connection ID, wherever it comes from; the answers
// follow once the new address is proved, and whoever has the old one by then is a stranger there.
TEST(AssociationTableTest, FindsAMovedClientByItsConnectionId) {
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
  EXPECT_EQ(world.table().size(), 2u);
  const auto address = world.table().peer_address(1);
  EXPECT_EQ(Bytes(address.begin(), address.end()), new_address);

  // A newcomer on the old address is nobody's successor.
  Client& newcomer = world.clients()[old_address];
  newcomer.address = old_address;
  world.Start(newcomer);
  world.RunFor(seconds(5));
  EXPECT_TRUE(newcomer.served);
  EXPECT_EQ(world.table().size(), 3u);
  EXPECT_TRUE(world.gone().empty());
}

// Identifiers of one byte meet soon. Each client is heard all the same, as long as there are any.
TEST(AssociationTableTest, NoTwoAssociationsHandOutTheSameConnectionId) {
  World world({}, /*loss=*/0, /*seed=*/1, /*large_hellos=*/false, /*connection_id_len=*/1);
  for (int i = 0; i < 200; ++i) world.AddClient();
  world.RunFor(seconds(30));
  EXPECT_TRUE(world.AllServed());
  EXPECT_EQ(world.table().size(), 200u);
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

TEST(AssociationTableTest, DropsWhatCarriesAnUnknownConnectionId) {
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
  EXPECT_EQ(world.table().Use(1)->facts().records.num_dropped(DropReason::kConnectionId), 0u)
      << "it was handed to an association";
}

}  // namespace
}  // namespace dtls13::sim
