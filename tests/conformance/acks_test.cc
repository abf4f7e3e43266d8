// SPDX-License-Identifier: Apache-2.0
// When an association acknowledges, what, and under which epoch: RFC 9147 section 7.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"
#include "tests/sim/record_audit.h"

namespace dtls13::sim {
namespace {

// The first byte of a protected record: the fixed bits and the epoch's, without those of its form.
uint8_t EpochByte(const Bytes& datagram) { return datagram.front() & 0xe3; }
constexpr uint8_t kHandshakeEpochByte = 0x22;

PairOptions Options(size_t mtu = kDefaultMtu) {
  PairOptions options = ForgeableOptions();
  options.client.mtu = options.server.mtu = mtu;
  return options;
}

const SentDatagram& LastSent(AssociationPair& pair) { return pair.link().log().back(); }

// The server's flight takes several datagrams; those after the first do not arrive.
class PartialFlightTest : public testing::Test {
 protected:
  PartialFlightTest() : pair_(Options(kMinMtu)) {
    pair_.link().SetFilter([](const SentDatagram& datagram) {
      return datagram.direction == Direction::kServerToClient && datagram.index > 0;
    });
  }
  size_t num_from_client() { return pair_.link().num_sent(Direction::kClientToServer); }

  AssociationPair pair_;
};

//= rfc9147#section-7.1
//= type=test
//# When they have received part of a flight and do not immediately receive
//# the rest of the flight (which may be in the same UDP datagram).
//= rfc9147#section-7
//= type=test
//# Implementations SHOULD simply use the highest current sending epoch,
//# which will generally be the highest available.
TEST_F(PartialFlightTest, IsAcknowledgedAfterAQuarterOfTheTimer) {
  // The flight's first datagram is there at 20 ms: a round trip, which sets the timer to its floor.
  pair_.RunFor(milliseconds(20) + RetransmitTimer::kFloor / 4 - Duration(1));
  EXPECT_EQ(num_from_client(), 1u) << "ClientHello alone";
  pair_.RunFor(Duration(1));
  ASSERT_EQ(num_from_client(), 2u);
  EXPECT_EQ(LastSent(pair_).direction, Direction::kClientToServer);
  EXPECT_EQ(EpochByte(LastSent(pair_).bytes), kHandshakeEpochByte);
}

//= rfc9147#section-7.2
//= type=test
//# As noted above, the receipt of any record responding to a given flight
//# MUST be taken as an implicit acknowledgement for the entire flight to
//# which it is responding.
TEST_F(PartialFlightTest, ItsFirstDatagramAcknowledgesTheClientHello) {
  pair_.RunFor(seconds(10));
  ASSERT_GT(num_from_client(), 1u);
  for (const SentDatagram& datagram : pair_.link().log()) {
    if (datagram.direction != Direction::kClientToServer || datagram.index == 0) continue;
    EXPECT_EQ(EpochByte(datagram.bytes), kHandshakeEpochByte) << "not the ClientHello again";
  }
}

// The second datagram is lost, so the third is out of order.
//= rfc9147#section-7.1
//= type=test
//# When an implementation detects a disruption in the receipt of the
//# current incoming flight, it SHOULD generate an ACK that covers the
//# messages from that flight which it has received and processed so far.
//= rfc9147#section-7.1
//= type=test
//# When they receive a message or fragment which is out of order, either
//# because it is not the next expected message or because it is not the
//# next piece of the current message.
TEST_F(PartialFlightTest, OutOfOrderIsAcknowledgedAtOnceAndOnlyTheLostIsSentAgain) {
  pair_.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index == 1;
  });
  pair_.RunFor(milliseconds(21));
  EXPECT_GT(num_from_client(), 1u) << pair_.link().Describe();
  const size_t num_in_flight = pair_.link().num_sent(Direction::kServerToClient);
  ASSERT_GE(num_in_flight, 3u);
  pair_.RunFor(milliseconds(12));
  EXPECT_EQ(pair_.link().num_sent(Direction::kServerToClient), num_in_flight + 1);
  EXPECT_TRUE(pair_.RunUntilConnected(milliseconds(100)));
}

// A complete flight whose answer takes time: the client's caller is slow to verify the server.
class SlowVerifierTest : public testing::Test {
 protected:
  SlowVerifierTest() {
    const PairOptions options = Options();
    client_ = Association::NewClient(std::make_shared<AssociationConfig>(options.client), {});
    auto config = std::make_shared<AssociationConfig>(options.server);
    config->handshake.credential = identity_.credential();
    server_ = Association::NewServer(std::move(config), {});
    Carry(*client_, *server_);
    Answer(*server_);
    Carry(*server_, *client_);
    Answer(*client_);
  }

  // Answers everything but VerifyPeer.
  void Answer(Association& association) {
    while (const std::optional<Event> event = association.PollEvent()) {
      if (event->type == EventType::kVerifyPeer) verification_wanted_ = true;
      if (event->type != EventType::kSignatureWanted) continue;
      const SignatureRequest& request = association.facts().signature_request;
      association.ProvideSignature(identity_.Sign(request.scheme, request.input), now_);
    }
  }
  // Returns how many datagrams `from` owed.
  size_t Carry(Association& from, Association& to) {
    std::array<uint8_t, 2048> buffer;
    size_t num = 0;
    while (const size_t len = from.PollTransmit(buffer, now_)) {
      to.HandleDatagram(std::span(buffer).first(len), now_);
      ++num;
    }
    return num;
  }

  const TestIdentity& identity_ = TestIdentity::Get(KeyType::kEcdsaP256);
  Instant now_{};
  bool verification_wanted_ = false;
  std::unique_ptr<Association> client_;
  std::unique_ptr<Association> server_;
};

//= rfc9147#section-7.1
//= type=test
//# In this case, implementations MAY send explicit ACKs for the complete
//# received flight even though it will eventually also be implicitly
//# acknowledged through the responding flight.
TEST_F(SlowVerifierTest, TheFlightIsAcknowledgedExplicitlyInTheEnd) {
  ASSERT_TRUE(verification_wanted_);
  EXPECT_EQ(Carry(*client_, *server_), 0u) << "an answer may still come at once";
  EXPECT_TRUE(server_->facts().has_unacked);
  now_ = *client_->NextTimeout();
  EXPECT_LT(now_.time_since_epoch(), seconds(1)) << "before the server's timer";
  client_->HandleTimeout(now_);
  EXPECT_EQ(Carry(*client_, *server_), 1u);
  EXPECT_FALSE(server_->facts().has_unacked);
  EXPECT_EQ(Carry(*server_, *client_), 0u);
}

//= rfc9147#section-7.1
//= type=test
//# ACKs SHOULD NOT be sent for these flights unless the responding flight
//# cannot be generated immediately.
TEST_F(SlowVerifierTest, AnImmediateAnswerNeedsNoAck) {
  ASSERT_TRUE(verification_wanted_);
  client_->ProvideVerification(true, AlertDescription::kUnknownCa, now_);
  Answer(*client_);
  EXPECT_TRUE(client_->facts().connected);
  EXPECT_EQ(Carry(*client_, *server_), 1u) << "Finished alone";
}

// A pair whose handshake is done, and forged messages in its client's name.
class ConnectedAckTest : public QuietPairTest {
 protected:
  // The client has sent ClientHello and Finished.
  static constexpr uint16_t kNextSeq = 2;

  Bytes KeyUpdate(uint16_t message_seq, bool is_requested) {
    if (!forge_) forge_.emplace(pair_, pair_.client());
    return forge_->Protected(kFirstApplicationEpoch, ContentType::kHandshake,
                             Forge::Fragment(HandshakeType::kKeyUpdate, message_seq, 1,
                                             Bytes{static_cast<uint8_t>(is_requested)}));
  }

  // Hands the server a KeyUpdate of the client's. Returns how many datagrams that brought.
  size_t InjectKeyUpdate(uint16_t message_seq) {
    const size_t before = pair_.link().log().size();
    pair_.Inject(pair_.server(), KeyUpdate(message_seq, /*is_requested=*/false));
    pair_.RunUntilQuiet();
    return pair_.link().log().size() - before;
  }
  std::optional<Forge> forge_;
};

//= rfc9147#section-7
//= type=test
//# Implementations MUST NOT acknowledge records containing handshake
//# messages or fragments which have not been processed or buffered.
//= rfc9147#section-7
//= type=test
//# As an example, implementations MUST NOT send ACKs for handshake messages
//# which they discard because they are not the next expected message.
TEST_F(ConnectedAckTest, WhatIsDiscardedIsNotAcknowledged) {
  EXPECT_EQ(InjectKeyUpdate(kNextSeq + 1000), 0u);
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_EQ(InjectKeyUpdate(kNextSeq + 1), 1u) << "not the next, but kept";
  EXPECT_EQ(InjectKeyUpdate(kNextSeq), 1u);
}

//= rfc9147#section-8
//= type=test
//# As with other handshake messages with no built-in response, KeyUpdates
//# MUST be acknowledged.
//= rfc9147#section-7.1
//= type=test
//# All other flights MUST be ACKed.
//= rfc9147#section-7.1
//= type=test
//# In general, flights MUST be ACKed unless they are implicitly
//# acknowledged.
TEST_F(ConnectedAckTest, AKeyUpdateIsAcknowledgedAsOftenAsItComes) {
  EXPECT_EQ(InjectKeyUpdate(kNextSeq), 1u);
  EXPECT_EQ(InjectKeyUpdate(kNextSeq), 1u);
}

// Whoever keeps to the contract polls first, and never hears of it.
//= rfc8446#section-4.6.3
//= type=test
//# If the request_update field is set to "update_requested", then the
//# receiver MUST send a KeyUpdate of its own with request_update set to
//# "update_not_requested" prior to sending its next Application Data
//# record.
TEST_F(ConnectedAckTest, TheAnswerToAKeyUpdateLeavesBeforeData) {
  Association& server = *pair_.server().association;
  Bytes record(2048);
  size_t len = 0;
  for (const bool is_requested : {false, true}) {
    const uint16_t message_seq = is_requested ? kNextSeq + 1 : kNextSeq;
    if (is_requested) forge_->UpdateKeys();
    Bytes update = is_requested
                       ? forge_->Protected(
                             kFirstApplicationEpoch.Next(), ContentType::kHandshake,
                             Forge::Fragment(HandshakeType::kKeyUpdate, message_seq, 1, Bytes{1}))
                       : KeyUpdate(message_seq, /*is_requested=*/false);
    server.HandleDatagram(update, pair_.now());
    EXPECT_EQ(server.Seal(ToBytes("x"), record, &len),
              is_requested ? SendResult::kTransmitFirst : SendResult::kSealed);
  }
  pair_.Flush(pair_.server());
  EXPECT_EQ(server.Seal(ToBytes("x"), record, &len), SendResult::kSealed);
}

// The client's epochs run ahead of the server's; each acknowledges under its own newest.
//= rfc9147#section-7
//= type=test
//# After the handshake, implementations MUST use the highest available
//# sending epoch.
TEST_F(ConnectedAckTest, IsSentUnderTheNewestWriteKeys) {
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  pair_.RunUntilQuiet();
  ASSERT_EQ(LastSent(pair_).direction, Direction::kServerToClient);
  EXPECT_EQ(EpochByte(LastSent(pair_).bytes), 0x23) << "epoch 3, the server's only";
  pair_.UpdateKeys(pair_.server(), /*request_peer=*/false);
  pair_.RunUntilQuiet();
  ASSERT_EQ(LastSent(pair_).direction, Direction::kClientToServer);
  EXPECT_EQ(EpochByte(LastSent(pair_).bytes), 0x20) << "epoch 4";
}

// RFC 9147 section 5.10: alerts are not reliable, so they are repeated where they are missed.
//= rfc9147#section-5.10
//= type=test
//# However, a DTLS implementation which would ordinarily issue an alert
//# SHOULD generate a new alert message if the offending record is received
//# again (e.g., as a retransmitted handshake message).
//= rfc9147#section-5.10
//= type=test
//# Implementations SHOULD detect when a peer is persistently sending bad
//# messages and terminate the local connection state after such misbehavior
//# is detected.
TEST_F(ConnectedAckTest, AnAlertIsRepeatedForTheOffendingRecordAFewTimes) {
  Forge forge(pair_, pair_.client());
  const Bytes offending =
      forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, Bytes{1});
  const size_t before = pair_.link().log().size();
  pair_.Inject(pair_.server(), offending);
  ASSERT_TRUE(pair_.server().failure) << "one bad message of an authenticated peer is enough";
  for (size_t i = 1; i <= 4; ++i) {
    EXPECT_EQ(pair_.link().log().size() - before, i);
    pair_.Inject(pair_.server(), offending);
  }
  EXPECT_EQ(pair_.link().log().size() - before, 4u) << "no reflector for who replays it";
}

PairOptions TicketOptions(size_t mtu = kDefaultMtu) {
  PairOptions options = Options(mtu);
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  return options;
}

// Records of `direction` from the datagram `first` on.
std::vector<AuditedRecord> RecordsFrom(const AssociationPair& pair, Direction direction,
                                       size_t first) {
  const RecordAudit audit = AuditRecords(pair);
  EXPECT_EQ(audit.fault, "");
  std::vector<AuditedRecord> records;
  std::ranges::copy_if(audit.records, std::back_inserter(records), [&](const auto& record) {
    return record.datagram >= first && pair.link().log()[record.datagram].direction == direction;
  });
  return records;
}

std::vector<ContentType> TypesOf(const std::vector<AuditedRecord>& records) {
  std::vector<ContentType> types;
  for (const AuditedRecord& record : records) types.push_back(record.type);
  return types;
}

std::vector<RecordNumber> NumbersNamedIn(const std::vector<AuditedRecord>& records) {
  std::vector<RecordNumber> numbers;
  for (const AuditedRecord& record : records) {
    if (record.type != ContentType::kAck) continue;
    std::optional<AckReader> ack = AckReader::Parse(record.content);
    while (const auto number = ack->Next()) numbers.push_back(*number);
  }
  return numbers;
}

// RFC 9147 section 7.1: the client's final flight MUST be acknowledged, and tickets that stand
// before the ACK in its datagram may leave it no room.
TEST(AckBeforeTickets, FinishedIsAcknowledgedBeforeTicketsAreSent) {
  for (const size_t mtu : {kDefaultMtu, kMinMtu}) {
    AssociationPair pair(TicketOptions(mtu));
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunUntilQuiet();
    std::vector<AuditedRecord> records = RecordsFrom(pair, Direction::kServerToClient, 0);
    std::erase_if(records,
                  [](const auto& record) { return record.number.epoch != kFirstApplicationEpoch; });
    ASSERT_GE(records.size(), 2u);
    EXPECT_EQ(records[0].type, ContentType::kAck);
    EXPECT_EQ(records[1].type, ContentType::kHandshake);
    EXPECT_EQ(records[0].datagram, records[1].datagram) << "no datagram more than without";
    EXPECT_EQ(pair.client().sessions.size(), 2u);
  }
}

// F12: the peer repeats a message in so many records that their numbers fill more than a datagram,
// while `side` has a message of its own to send.
class ManyRecordsTest : public testing::TestWithParam<bool> {
 protected:
  static constexpr size_t kNumRecords = 30;
};

TEST_P(ManyRecordsTest, F12EachIsNamedOnceAndBeforeNewMessages) {
  const bool is_server = GetParam();
  AssociationPair pair(TicketOptions(kMinMtu));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  Side& side = is_server ? pair.server() : pair.client();
  Forge forge(pair, is_server ? pair.client() : pair.server());
  const Bytes content = Forge::Fragment(HandshakeType::kFinished, 1, 32, Bytes{0});
  Bytes datagram;
  for (size_t i = 0; i < kNumRecords; ++i) {
    const Bytes record = forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, content);
    datagram.insert(datagram.end(), record.begin(), record.end());
  }
  if (is_server) {
    ASSERT_TRUE(side.association->SendTicket(pair.now()));
  } else {
    side.association->RequestKeyUpdate(/*request_peer=*/false, pair.now());
  }
  const size_t first = pair.link().log().size();
  pair.Inject(side, datagram);
  const std::vector<AuditedRecord> records =
      RecordsFrom(pair, is_server ? Direction::kServerToClient : Direction::kClientToServer, first);

  std::vector<RecordNumber> expected;
  for (size_t i = 0; i < kNumRecords; ++i) {
    expected.push_back({kFirstApplicationEpoch, {Forge::kFirstNumber + i}});
  }
  EXPECT_EQ(NumbersNamedIn(records), expected);
  const std::vector<ContentType> types = TypesOf(records);
  const auto first_message = std::ranges::find(types, ContentType::kHandshake);
  ASSERT_NE(first_message, types.end());
  EXPECT_GE(first_message - types.begin(), 2) << "several ACKs were needed";
  EXPECT_EQ(std::find(first_message, types.end(), ContentType::kAck), types.end());
  for (const SentDatagram& sent : pair.link().log()) EXPECT_LE(sent.bytes.size(), kMinMtu);
}

INSTANTIATE_TEST_SUITE_P(Sides, ManyRecordsTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Server" : "Client"; });

// A part of a message is not acknowledged before the rest is here, and not owed meanwhile.
TEST_F(ConnectedAckTest, APartOfAMessageOwesNoAckUntilTheRestIsHere) {
  Forge forge(pair_, pair_.client());
  const size_t before = pair_.link().log().size();
  for (const uint32_t offset : {0, 2}) {  // the second is out of order
    Bytes content(kHandshakeHeaderLen + 1);
    WriteHandshakeHeader({.type = HandshakeType::kNewConnectionId,
                          .message_len = 4,
                          .message_seq = kNextSeq,
                          .fragment_offset = offset,
                          .fragment_len = 1},
                         content);
    pair_.Inject(pair_.server(),
                 forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, content));
    EXPECT_EQ(pair_.link().log().size(), before + (offset == 0 ? 0 : 1));
  }
  pair_.RunUntilQuiet();
  const auto records = RecordsFrom(pair_, Direction::kServerToClient, before);
  ASSERT_EQ(TypesOf(records), std::vector<ContentType>{ContentType::kAck});
  for (const RecordNumber number : NumbersNamedIn(records)) {
    EXPECT_EQ(number.epoch, kHandshakeEpoch) << "Finished alone";
  }
}

}  // namespace
}  // namespace dtls13::sim
