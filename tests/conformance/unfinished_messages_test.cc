// SPDX-License-Identifier: Apache-2.0
// Messages after the handshake that are begun and not ended: what they cost, and for how long.

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "dtls13/flight/reassembler.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

constexpr size_t kRecordLen = 1000;

Bytes Piece(HandshakeType type, uint16_t message_seq, uint32_t message_len, uint32_t offset,
            uint32_t len) {
  Bytes content(kHandshakeHeaderLen + len);
  WriteHandshakeHeader({.type = type,
                        .message_len = message_len,
                        .message_seq = message_seq,
                        .fragment_offset = offset,
                        .fragment_len = len},
                       content);
  return content;
}

// A client that has all keys, and means no good.
class UnfinishedMessagesTest : public QuietPairTest {
 protected:
  explicit UnfinishedMessagesTest(PairOptions options = ForgeableOptions())
      : QuietPairTest(std::move(options)), forge_(pair_, pair_.client()) {}

  void Inject(const Bytes& content) {
    pair_.Inject(pair_.server(),
                 forge_.Protected(kFirstApplicationEpoch, ContentType::kHandshake, content));
  }
  // BeginMessage sends all but the last byte of a message of `len` bytes.
  void BeginMessage(uint16_t message_seq, uint32_t len) {
    for (uint32_t at = 0; at < len - 1; at += kRecordLen) {
      Inject(Piece(HandshakeType::kNewConnectionId, message_seq, len, at,
                   std::min<uint32_t>(kRecordLen, len - 1 - at)));
    }
  }
  size_t num_acks() const { return pair_.link().num_sent(Direction::kServerToClient); }

  Forge forge_;
};

TEST_F(UnfinishedMessagesTest, AServerTakesNoLongOnes) {
  Inject(Piece(HandshakeType::kNewConnectionId, 2, PostHandshake::kMaxShortMessageLen + 1, 0, 1));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->reason(), Reason::kExcessiveMessageSize);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kIllegalParameter);
}

// Nobody acknowledges them, and in the end they are gone: the client's own message of the same
// number, which would differ from them, is taken.
TEST_F(UnfinishedMessagesTest, AreForgotten) {
  const size_t before = num_acks();
  BeginMessage(2, PostHandshake::kMaxShortMessageLen);
  EXPECT_TRUE(pair_.server().association->NextTimeout());
  EXPECT_FALSE(pair_.server().association->NextTransmission());
  EXPECT_EQ(num_acks(), before);
  pair_.RunFor(Reassembler::kHoldTime);
  EXPECT_FALSE(pair_.server().association->NextTimeout());
  EXPECT_FALSE(pair_.server().failure);
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/true);
  pair_.RunFor(seconds(5));
  EXPECT_EQ(pair_.server().association->facts().records.newest_read_epoch(), Epoch{4});
  EXPECT_EQ(pair_.client().association->facts().records.newest_read_epoch(), Epoch{4});
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// A trickle does not keep them alive.
TEST_F(UnfinishedMessagesTest, AreForgottenWhileMoreOfThemComes) {
  for (uint32_t i = 0; i < 100; ++i) {
    Inject(Piece(HandshakeType::kNewConnectionId, 2, PostHandshake::kMaxShortMessageLen, i, 1));
    pair_.RunFor(Reassembler::kHoldTime / 10);
  }
  pair_.RunFor(Reassembler::kHoldTime);
  EXPECT_FALSE(pair_.server().association->NextTimeout());
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  pair_.RunFor(seconds(5));
  EXPECT_FALSE(pair_.server().failure);
}

// HalfOpen has the client connected, and the server not: all that would end it is lost.
void HalfOpen(AssociationPair* pair) {
  pair->link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer && datagram.index > 0;
  });
  pair->RunFor(milliseconds(60));
  ASSERT_TRUE(pair->client().connected);
  ASSERT_FALSE(pair->server().connected);
}

// What came under the handshake's keys behind the Finished is nobody's message.
TEST(UnfinishedMessages, OfTheHandshakeDoNotOutliveIt) {
  AssociationPair pair(ForgeableOptions());
  HalfOpen(&pair);
  Forge forge(pair, pair.client());
  for (uint16_t seq = 2; seq < 8; ++seq) {
    pair.Inject(pair.server(),
                forge.Protected(kHandshakeEpoch, ContentType::kHandshake,
                                Piece(HandshakeType::kCertificate, seq, 5000, 0, kRecordLen)));
  }
  pair.link().SetFilter(nullptr);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  EXPECT_FALSE(pair.server().association->NextTimeout());
  for (int i = 0; i < 8; ++i) {
    pair.UpdateKeys(pair.client(), /*request_peer=*/false);
    pair.RunFor(seconds(5));
  }
  EXPECT_FALSE(pair.server().failure);
  EXPECT_EQ(pair.server().association->facts().records.newest_read_epoch(), Epoch{11});
}

// A server that asks for no certificate has nothing long to hear from a client that anybody can be.
TEST(UnfinishedMessages, AHalfOpenServerTakesNoLongOnes) {
  for (const size_t surplus : {0, 1}) {
    AssociationPair pair(ForgeableOptions());
    HalfOpen(&pair);
    Forge forge(pair, pair.client());
    const auto len = static_cast<uint32_t>(ServerHandshake::kMaxShortMessageLen + surplus);
    pair.Inject(pair.server(),
                forge.Protected(kHandshakeEpoch, ContentType::kHandshake,
                                Piece(HandshakeType::kCertificate, 2, len, 0, kRecordLen)));
    EXPECT_EQ(pair.server().failure.has_value(), surplus > 0);
    if (!pair.server().failure) continue;
    EXPECT_EQ(pair.server().failure->reason(), Reason::kExcessiveMessageSize);
  }
}

// An honest server's ticket in several records, of which one is lost, and then nothing is heard for
// longer than the client holds the others: it has not said that it has them, so all come again.
TEST(UnfinishedMessages, AnInterruptedTicketArrivesAfterAll) {
  PairOptions options = ForgeableOptions();
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  server.server.num_tickets = 0;
  options.server.mtu = 256;
  AssociationPair pair(options);
  pair.server().association->SetSessionData(Bytes(500));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(1));
  size_t num_records = 0;
  pair.link().SetFilter([&](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer || ++num_records >= 2;
  });
  ASSERT_TRUE(pair.server().association->SendTicket(pair.now()));
  pair.Flush(pair.server());
  pair.RunFor(2 * Reassembler::kHoldTime);
  EXPECT_GE(num_records, 2u) << "one arrived, and others did not";
  EXPECT_TRUE(pair.client().sessions.empty());
  pair.link().SetFilter(nullptr);
  EXPECT_TRUE(pair.DataFlowsBothWays());
  pair.RunFor(minutes(2));
  EXPECT_EQ(pair.client().sessions.size(), 1u);
  EXPECT_FALSE(pair.server().association->facts().has_unacked);
}

// One lost datagram of several messages does not make the rest wait for the timer.
TEST(UnfinishedMessages, WhatOvertookALostMessageIsFollowedByItSoon) {
  PairOptions options = ForgeableOptions();
  HandshakeConfig& server = options.server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
  server.server.num_tickets = 0;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(1));
  bool loses_next = true;
  pair.link().SetFilter([&](const SentDatagram&) { return std::exchange(loses_next, false); });
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(pair.server().association->SendTicket(pair.now()));
    pair.Flush(pair.server());
  }
  pair.RunFor(milliseconds(400));
  EXPECT_EQ(pair.client().sessions.size(), 2u) << pair.link().Describe();
}

}  // namespace
}  // namespace dtls13::sim
