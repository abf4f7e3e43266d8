// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/hello_gatherer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
const Bytes kAddress = {1, 2, 3};
const Bytes kOtherAddress = {4, 5, 6};

// One record with bytes `offset` to `end` of a message whose byte n is n.
Bytes Record(uint32_t message_len, uint32_t offset, uint32_t end, uint64_t number = 0,
             uint16_t message_seq = 0) {
  Bytes content(kHandshakeHeaderLen);
  WriteHandshakeHeader({.type = HandshakeType::kClientHello,
                        .message_len = message_len,
                        .message_seq = message_seq,
                        .fragment_offset = offset,
                        .fragment_len = end - offset},
                       content);
  for (uint32_t i = offset; i < end; ++i) content.push_back(static_cast<uint8_t>(i));
  Bytes record(kPlaintextHeaderLen + content.size());
  WritePlaintextRecord(ContentType::kHandshake, SequenceNumber{number}, content, record);
  return record;
}

class HelloGathererTest : public testing::Test {
 protected:
  HelloGathererTest() {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.server.require_cookie = true;
    options.server.handshake.credential =
        sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
    // Every datagram carries a piece of the hello.
    options.client.mtu = kMinMtu;
    server_config_ = std::make_shared<AssociationConfig>(options.server);
    listener_ = std::make_unique<CookieListener>(HandshakeConfigOf(server_config_));
    client_ = Association::NewClient(std::make_shared<AssociationConfig>(options.client),
                                     {.server_name = std::string(200, 'a')});
  }

  std::vector<Bytes> FromClient() {
    std::vector<Bytes> datagrams;
    for (;;) {
      Bytes datagram(kMinMtu);
      datagram.resize(client_->PollTransmit(datagram, now_));
      if (datagram.empty()) return datagrams;
      datagrams.push_back(datagram);
    }
  }

  // The client says what it said again, in new records.
  std::vector<Bytes> FromClientAgain() {
    now_ = client_->NextTimeout().value();
    client_->HandleTimeout(now_);
    return FromClient();
  }

  Gathered Add(const Bytes& datagram, const Bytes& address = kAddress) {
    return gatherer_.Add(datagram, address, *listener_, kNow);
  }

  // AsRecord is what was gathered, in one record.
  static Bytes AsRecord(const Gathered& gathered) {
    if (gathered.verdict != GatherVerdict::kWhole) return {};
    const Bytes message =
        WholeMessage(HandshakeType::kClientHello, gathered.message_seq, gathered.body);
    Bytes record(kPlaintextHeaderLen + message.size());
    WritePlaintextRecord(ContentType::kHandshake, gathered.record_number, message, record);
    return record;
  }

  // AddAll expects the last of `datagrams` to make it whole, and returns that.
  Gathered AddAll(const std::vector<Bytes>& datagrams) {
    for (size_t i = 0; i + 1 < datagrams.size(); ++i) {
      EXPECT_EQ(Add(datagrams[i]).verdict, GatherVerdict::kNothing);
    }
    Gathered gathered = Add(datagrams.back());
    EXPECT_EQ(gathered.verdict, GatherVerdict::kWhole);
    EXPECT_EQ(gatherer_.num_hellos(), 0u);
    return gathered;
  }

  // RepeatUntilWhole stops at the datagram that makes it whole: retransmissions may cut the message
  // otherwise, and come a part at a time.
  Gathered RepeatUntilWhole() {
    for (int i = 0; i < 8; ++i) {
      for (const Bytes& datagram : FromClientAgain()) {
        Gathered gathered = Add(datagram);
        if (gathered.verdict == GatherVerdict::kWhole) return gathered;
      }
    }
    ADD_FAILURE() << "not whole";
    return {};
  }

  static ReceivedHello Read(const Gathered& gathered) {
    return ReceivedHello(gathered.body, gathered.message_seq, gathered.record_number);
  }

  Bytes Retry(const Gathered& hello) {
    Bytes retry;
    EXPECT_TRUE(listener_->WriteRetry(Read(hello), {.peer_address = kAddress}, kNow, &retry).ok());
    return retry;
  }

  // GetCookie brings the client to its second hello.
  std::vector<Bytes> SecondHello() {
    Bytes retry = Retry(AddAll(FromClient()));
    client_->HandleDatagram(retry, now_);
    return FromClient();
  }

  Instant now_{};
  std::shared_ptr<const AssociationConfig> server_config_;
  std::unique_ptr<CookieListener> listener_;
  std::unique_ptr<Association> client_;
  HelloGatherer gatherer_;
};

// F23: pieces in any order, with repetitions, through the stateless exchange and on to an
// association.
TEST_F(HelloGathererTest, BothHellosInPiecesLeadToAnAssociation) {
  std::vector<Bytes> first = FromClient();
  ASSERT_GE(first.size(), 2u);
  size_t received_len = 0;
  for (const Bytes& datagram : first) received_len += datagram.size();
  std::reverse(first.begin(), first.end());
  first.insert(first.begin(), first.front());
  const Gathered whole = AddAll(first);
  EXPECT_EQ(listener_->Inspect(Read(whole), kAddress, kNow).verdict, ListenVerdict::kNeedsRetry);
  Bytes retry = Retry(whole);
  ASSERT_FALSE(retry.empty());
  EXPECT_LE(retry.size(), 3 * received_len);

  client_->HandleDatagram(retry, now_);
  std::vector<Bytes> second = FromClient();
  ASSERT_GE(second.size(), 2u);
  std::reverse(second.begin(), second.end());
  const Gathered accepted = AddAll(second);
  EXPECT_EQ(listener_->Inspect(Read(accepted), kAddress, kNow).verdict, ListenVerdict::kAccept);
  const auto server =
      Association::NewServer(server_config_, {.peer_address = kAddress, .now = kNow});
  Bytes datagram = AsRecord(accepted);
  server->HandleDatagram(datagram, now_);
  const std::optional<Event> event = server->PollEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kSignatureWanted);
}

// F23: of each hello one piece is lost; its retransmission fills the gap.
TEST_F(HelloGathererTest, RetransmissionsFillTheGaps) {
  std::vector<Bytes> first = FromClient();
  first.erase(first.begin());
  for (const Bytes& datagram : first) EXPECT_EQ(Add(datagram).verdict, GatherVerdict::kNothing);
  const Gathered whole = RepeatUntilWhole();
  Bytes retry = Retry(whole);
  client_->HandleDatagram(retry, now_);
  std::vector<Bytes> second = FromClient();
  second.pop_back();
  gatherer_ = HelloGatherer();
  for (const Bytes& datagram : second) EXPECT_EQ(Add(datagram).verdict, GatherVerdict::kNothing);
  const Gathered again = RepeatUntilWhole();
  EXPECT_EQ(listener_->Inspect(Read(again), kAddress, kNow).verdict, ListenVerdict::kAccept);
}

//= rfc9147#section-5.1
//= type=test
//# If a server receives a ClientHello with an invalid cookie, it MUST
//# terminate the handshake with an "illegal_parameter" alert.
TEST_F(HelloGathererTest, ABadCookieInTheFirstPieceKeepsNothing) {
  const std::vector<Bytes> second = SecondHello();
  EXPECT_EQ(Add(second.front(), kOtherAddress).verdict, GatherVerdict::kBadCookie);
  EXPECT_EQ(gatherer_.num_hellos(), 0u);
  EXPECT_EQ(Add(second.front()).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(gatherer_.num_hellos(), 1u);
}

// A flood of first pieces from forged addresses costs a constant, and does not displace a client
// that has shown its cookie.
TEST_F(HelloGathererTest, FloodsAreBoundedAndProvedClientsStay) {
  const std::vector<Bytes> second = SecondHello();
  ASSERT_EQ(Add(second.front()).verdict, GatherVerdict::kNothing);
  for (uint32_t i = 0; i < 1000; ++i) {
    const Bytes address = {9, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    EXPECT_EQ(Add(Record(16000, 8000, 16000), address).verdict, GatherVerdict::kNothing);
    EXPECT_LE(gatherer_.num_hellos(), HelloGatherer::kMaxHellos);
    EXPECT_LE(gatherer_.num_bytes_held(), HelloGatherer::kMaxBytes);
  }
  for (uint32_t i = 0; i < 200; ++i) {
    const Bytes address = {8, static_cast<uint8_t>(i)};
    EXPECT_EQ(Add(Record(100, 50, 51), address).verdict, GatherVerdict::kNothing);
  }
  EXPECT_EQ(gatherer_.num_hellos(), HelloGatherer::kMaxHellos);
  for (size_t i = 1; i + 1 < second.size(); ++i) Add(second[i]);
  EXPECT_EQ(Add(second.back()).verdict, GatherVerdict::kWhole);
}

TEST_F(HelloGathererTest, TheOldestMakesRoom) {
  HelloGatherer two(2);
  const auto add = [&](const Bytes& datagram, uint8_t address) {
    return two.Add(datagram, Bytes{address}, *listener_, kNow).verdict;
  };
  EXPECT_EQ(add(Record(50, 0, 25), 1), GatherVerdict::kNothing);
  EXPECT_EQ(add(Record(50, 0, 25), 2), GatherVerdict::kNothing);
  EXPECT_EQ(add(Record(50, 0, 25), 3), GatherVerdict::kNothing);
  EXPECT_EQ(two.num_hellos(), 2u);
  EXPECT_EQ(add(Record(50, 25, 50), 2), GatherVerdict::kWhole);
  EXPECT_EQ(add(Record(50, 25, 50), 3), GatherVerdict::kWhole);
  EXPECT_EQ(add(Record(50, 25, 50), 1), GatherVerdict::kNothing);
}

TEST_F(HelloGathererTest, PutsTogetherInAnyOrderWithOverlaps) {
  EXPECT_EQ(Add(Record(100, 60, 100, 2)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Record(100, 0, 30, 0)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Record(100, 0, 30, 3)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(AsRecord(Add(Record(100, 20, 70, 4))), Record(100, 0, 100, 4));
  // It is empty again: the same hello may come once more.
  EXPECT_EQ(Add(Record(100, 20, 100)).verdict, GatherVerdict::kNothing);
}

TEST_F(HelloGathererTest, SeveralRecordsInOneDatagram) {
  Bytes datagram = Record(50, 0, 25, 7);
  const Bytes second = Record(50, 25, 50, 8);
  std::copy(second.begin(), second.end(), std::back_inserter(datagram));
  EXPECT_EQ(AsRecord(Add(datagram)), Record(50, 0, 50, 8));
}

TEST_F(HelloGathererTest, AnotherHelloBeginsAnew) {
  EXPECT_EQ(Add(Record(50, 0, 25)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Record(50, 25, 50, 1, /*message_seq=*/1)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Record(60, 25, 60)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(gatherer_.num_hellos(), 1u);
  // Same length, another byte.
  Bytes changed = Record(60, 20, 60);
  changed.back() ^= 1;
  EXPECT_EQ(Add(changed).verdict, GatherVerdict::kNothing);
  Gathered gathered = Add(Record(60, 0, 25));
  ASSERT_EQ(gathered.verdict, GatherVerdict::kWhole);
  EXPECT_EQ(gathered.body.back(), 59 ^ 1);
}

// F27: a declared length takes no memory and no great one is gathered.
TEST_F(HelloGathererTest, HostileFragmentsAreBounded) {
  EXPECT_EQ(Add(Record(0xffffff, 0, 1)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add({}).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Bytes(13, 0xff)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(Add(Record(100, 0, 50, 0, /*message_seq=*/2)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(gatherer_.num_hellos(), 0u);
  EXPECT_EQ(Add(Record(HelloGatherer::kMaxHelloLen, 0, 1)).verdict, GatherVerdict::kNothing);
  EXPECT_EQ(gatherer_.num_bytes_held(), 1u);
}

TEST_F(HelloGathererTest, AnEmptyHelloIsWhole) {
  EXPECT_EQ(AsRecord(Add(Record(0, 0, 0, 5))), Record(0, 0, 0, 5));
}

}  // namespace
}  // namespace dtls13
