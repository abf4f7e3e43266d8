// SPDX-License-Identifier: Apache-2.0
// How associations end: RFC 9147 section 5.10 and RFC 8446 section 6.

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "dtls13/wire/alert.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

PairOptions Options() {
  PairOptions options = ForgeableOptions();
  options.client.trace = options.server.trace = true;
  return options;
}

class ClosingTest : public ConnectedPairTest {
 protected:
  ClosingTest() : ConnectedPairTest(Options()) {}

  // Owed returns the next datagram that the side owes, which is not sent yet.
  Bytes Owed(Side& side) {
    Bytes datagram(2048);
    datagram.resize(side.association->PollTransmit(datagram, pair_.now()));
    return datagram;
  }
  void Close(Side& side) {
    side.association->Close();
    pair_.Flush(side);
  }
  void InjectAlert(Side& to, uint8_t level, uint8_t description) {
    Forge forge(pair_, &to == &pair_.server() ? pair_.client() : pair_.server());
    pair_.Inject(to, forge.Protected(kFirstApplicationEpoch, ContentType::kAlert,
                                     Bytes{level, description}));
  }

  std::array<uint8_t, 2048> buffer_{};
};

// A client that asks, closes, and still gets the whole answer; the server may forget it with that.
//= rfc8446#section-6.1
//= type=test
//# Either party MAY initiate a close of its write side of the connection
//# by sending a "close_notify" alert.
TEST_F(ClosingTest, AClientThatClosesWithItsQuestionGetsTheWholeAnswer) {
  ASSERT_TRUE(pair_.Send(pair_.client(), "question"));
  Close(pair_.client());
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("question")});
  EXPECT_TRUE(pair_.server().peer_closed);
  EXPECT_FALSE(pair_.Send(pair_.client(), "too late"));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pair_.Send(pair_.server(), "a part of the answer"));
  Close(pair_.server());
  // The server's state is gone with its close_notify: nothing more of it is needed.
  pair_.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient;
  });
  pair_.RunFor(seconds(10));
  EXPECT_EQ(pair_.client().received.size(), 50u);
  EXPECT_TRUE(pair_.client().peer_closed);
  EXPECT_FALSE(pair_.client().failure || pair_.server().failure);
  EXPECT_EQ(pair_.client().association->SealOverhead(), 22u);
}

// What a caller sees of its own closing: one alert, and then that nothing more comes.
//= rfc9147#section-5.10
//= type=test
//# Note that alert messages are not retransmitted at all, even when they
//# occur in the context of a handshake.
TEST_F(ClosingTest, CloseYieldsTheAlertAndThenSaysClosed) {
  Association& client = *pair_.client().association;
  client.Close();
  EXPECT_TRUE(client.facts().close_sent);
  EXPECT_FALSE(client.facts().closed);
  size_t len = 0;
  EXPECT_EQ(client.Seal(ToBytes("more"), buffer_, &len), SendResult::kClosed);
  EXPECT_FALSE(Owed(pair_.client()).empty());
  EXPECT_TRUE(client.facts().closed);
  EXPECT_FALSE(client.facts().failed);
  EXPECT_TRUE(Owed(pair_.client()).empty());
  pair_.RunFor(std::chrono::hours(1));
  EXPECT_TRUE(Owed(pair_.client()).empty());
  EXPECT_FALSE(pair_.server().peer_closed) << "it was lost";
}

TEST_F(ClosingTest, AServerMayCloseFirstAndGoesOnReading) {
  Close(pair_.server());
  pair_.RunFor(seconds(1));
  EXPECT_TRUE(pair_.client().peer_closed);
  EXPECT_FALSE(pair_.Send(pair_.server(), "too late"));
  ASSERT_TRUE(pair_.Send(pair_.client(), "still heard"));
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("still heard")});
}

// F40
//= rfc8446#section-6.1
//= type=test
//# Any data received after a closure alert has been received MUST be
//# ignored.
TEST_F(ClosingTest, F40NumbersDecideWhatCameBeforeTheClosing) {
  const Bytes first = Sealed(pair_.client(), "first");
  const Bytes second = Sealed(pair_.client(), "second");
  pair_.client().association->Close();
  const Bytes closing = Owed(pair_.client());
  pair_.Inject(pair_.server(), second);
  pair_.Inject(pair_.server(), closing);
  ASSERT_TRUE(pair_.server().peer_closed);
  pair_.Inject(pair_.server(), first);
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(), forge.Protected(kFirstApplicationEpoch,
                                               ContentType::kApplicationData, ToBytes("after")));
  EXPECT_EQ(pair_.server().received, (std::vector<Bytes>{ToBytes("second"), ToBytes("first")}));
}

// F40: the data came under the keys before a KeyUpdate, the closing under those after it.
TEST_F(ClosingTest, F40LateDataOfAnEarlierEpochIsDelivered) {
  const Bytes late = Sealed(pair_.client(), "late");
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  pair_.RunFor(seconds(1));
  ASSERT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{4});
  Close(pair_.client());
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.server().peer_closed);
  pair_.Inject(pair_.server(), late);
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("late")});
}

// The peer ignores what is numbered behind the closing; a message that was lost stays lost.
//= rfc9147#section-5.10
//= type=test
//# Any data received with an epoch/sequence number pair after that of a
//# valid received closure alert MUST be ignored.
TEST_F(ClosingTest, NothingIsSentAgainBehindTheClosing) {
  pair_.link().SetFilter([](const SentDatagram&) { return true; });
  pair_.UpdateKeys(pair_.client(), /*request_peer=*/false);
  EXPECT_TRUE(pair_.client().association->facts().has_unacked);
  Close(pair_.client());
  EXPECT_FALSE(pair_.client().association->facts().has_unacked);
  const size_t num_sent = pair_.link().log().size();
  pair_.RunFor(minutes(10));
  EXPECT_EQ(pair_.link().log().size(), num_sent);
}

// A side that has closed still has its messages acknowledged, and acknowledges.
TEST_F(ClosingTest, MessagesAreAcknowledgedAcrossAHalfClose) {
  Close(pair_.client());
  pair_.RunFor(seconds(1));
  pair_.UpdateKeys(pair_.server(), /*request_peer=*/true);
  pair_.RunFor(seconds(1));
  EXPECT_FALSE(pair_.server().association->facts().has_unacked);
  EXPECT_EQ(pair_.server().association->facts().records.write_epoch(), Epoch{4});
  EXPECT_EQ(pair_.client().association->facts().records.write_epoch(), Epoch{3})
      << "it sends no more";
  ASSERT_TRUE(pair_.Send(pair_.server(), "under new keys"));
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.client().received, std::vector<Bytes>{ToBytes("under new keys")});
}

//= rfc8446#section-6.1
//= type=test
//# Each party MUST send a "close_notify" alert before closing its write
//# side of the connection, unless it has already sent some error alert.
TEST_F(ClosingTest, AfterAnErrorAlertThereIsNoCloseNotify) {
  pair_.client().association->Abort(AlertDescription::kInternalError);
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(1));
  EXPECT_FALSE(pair_.server().peer_closed);
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_TRUE(pair_.server().failure_from_peer);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kInternalError);
  EXPECT_EQ(pair_.client().association->PollTransmit(buffer_, pair_.now()), 0u);
}

// A clean end, an abrupt one, and none at all are three different things.
//= rfc8446#section-6
//= type=test
//# Upon receiving such an alert, the TLS implementation SHOULD indicate
//# end-of-data to the application.
//= rfc8446#section-6.1
//= type=test
//# If the application protocol using TLS provides that any data may be
//# carried over the underlying transport after the TLS connection is
//# closed, the TLS implementation MUST receive a "close_notify" alert
//# before indicating end-of-data to the application layer.
TEST_F(ClosingTest, OnlyACloseNotifyIsTheEndOfData) {
  pair_.RunFor(std::chrono::hours(1));
  EXPECT_FALSE(pair_.server().peer_closed || pair_.server().failure) << "silence is no end";
  InjectAlert(pair_.client(), 2, 80);
  EXPECT_FALSE(pair_.client().peer_closed);
  EXPECT_TRUE(pair_.client().failure);
  InjectAlert(pair_.server(), 1, 0);
  EXPECT_TRUE(pair_.server().peer_closed);
  EXPECT_FALSE(pair_.server().failure);
}

TEST_F(ClosingTest, OneCloseNotifyIsAnnouncedOnce) {
  Close(pair_.client());
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.server().peer_closed);
  pair_.server().peer_closed = false;
  InjectAlert(pair_.server(), 1, 0);
  EXPECT_FALSE(pair_.server().peer_closed);
}

TEST_F(ClosingTest, CancelOnceConnectedIsClose) {
  pair_.client().association->Cancel();
  pair_.Flush(pair_.client());
  pair_.RunFor(seconds(1));
  EXPECT_TRUE(pair_.server().peer_closed);
  EXPECT_FALSE(pair_.client().failure || pair_.server().failure);
}

//= rfc8446#section-6
//= type=test
//# Peers which receive a message which cannot be parsed according to the
//# syntax (e.g., have a length extending beyond the message boundary or
//# contain an out-of-range length) MUST terminate the connection with a
//# "decode_error" alert.
//= rfc8446#section-6.2
//= type=test
//# The phrases "terminate the connection with an X alert" and "abort the
//# handshake with an X alert" mean that the implementation MUST send alert
//# X if it sends any alert.
TEST_F(ClosingTest, AnAlertOfAnotherLengthIsADecodeError) {
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kAlert, Bytes{1, 0, 1, 0}));
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.client().failure);
  EXPECT_TRUE(pair_.client().failure_from_peer);
  EXPECT_EQ(pair_.client().failure->alert(), AlertDescription::kDecodeError);
}

//= rfc8446#section-5.4
//= type=test
//# if such a message is received, the receiving implementation MUST
//# terminate the connection with an "unexpected_message" alert.
TEST_F(ClosingTest, AnEmptyAlertOrHandshakeRecordIsUnexpected) {
  for (const ContentType type : {ContentType::kAlert, ContentType::kHandshake}) {
    AssociationPair pair(ForgeableOptions());
    ASSERT_TRUE(pair.RunUntilConnected());
    Forge forge(pair, pair.client());
    pair.Inject(pair.server(), forge.Protected(kFirstApplicationEpoch, type, {}));
    ASSERT_TRUE(pair.server().failure);
    EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kUnexpectedMessage);
  }
}

//= rfc8446#section-6
//= type=test
//# Peers which receive a message which is syntactically correct but
//# semantically invalid (e.g., a DHE share of p - 1, or an invalid enum)
//# MUST terminate the connection with an "illegal_parameter" alert.
TEST_F(ClosingTest, AnInvalidEnumIsAnIllegalParameter) {
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake,
                               WholeMessage(HandshakeType::kKeyUpdate, 2, Bytes{2})));
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.client().failure);
  EXPECT_EQ(pair_.client().failure->alert(), AlertDescription::kIllegalParameter)
      << AlertName(pair_.client().failure->alert());
}

// Every description there is, and those that there are not, under each level.
class EveryAlertTest : public ClosingTest, public testing::WithParamInterface<int> {};

//= rfc8446#section-6
//= type=test
//# All the alerts listed in Section 6.2 MUST be sent with AlertLevel=fatal
//# and MUST be treated as error alerts when received regardless of the
//# AlertLevel in the message.
//= rfc8446#section-6
//= type=test
//# Unknown Alert types MUST be treated as error alerts.
//= rfc8446#section-6
//= type=test
//# Upon receiving an error alert, the TLS implementation SHOULD indicate an
//# error to the application and MUST NOT allow any further data to be sent
//# or received on the connection.
//= rfc8446#section-6.2
//= type=test
//# Upon transmission or receipt of a fatal alert message, both parties MUST
//# immediately close the connection.
//= rfc8446#section-6
//= type=test
//# Servers and clients MUST forget the secret values and keys established
//# in failed connections, with the exception of the PSKs associated with
//# session tickets, which SHOULD be discarded if possible.
TEST_P(EveryAlertTest, EndsTheAssociationUnlessItIsAClosure) {
  for (uint8_t level : {1, 2, 0, 255}) {
    AssociationPair pair(Options());
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunFor(seconds(5));
    Side& server = pair.server();
    Forge forge(pair, pair.client());
    const auto description = static_cast<uint8_t>(GetParam());
    pair.Inject(server, forge.Protected(kFirstApplicationEpoch, ContentType::kAlert,
                                        Bytes{level, description}));
    const bool is_closure = description == 0 || description == 90;
    EXPECT_EQ(server.failure.has_value(), !is_closure);
    EXPECT_EQ(server.peer_closed, description == 0);
    EXPECT_EQ(pair.Send(server, "an answer"), is_closure);
    EXPECT_EQ(server.association->facts().records.CanRead(kFirstApplicationEpoch), is_closure);
    EXPECT_EQ(server.association->facts().records.CanWrite(kFirstApplicationEpoch), is_closure);
    std::array<uint8_t, 16> exported;
    EXPECT_EQ(server.association->ExportKeyingMaterial("EXPORTER-test", {}, exported), is_closure);
    if (is_closure) continue;
    EXPECT_TRUE(server.failure_from_peer);
    EXPECT_EQ(server.failure->reason(), Reason::kPeerAlert);
    EXPECT_EQ(static_cast<uint8_t>(server.failure->alert()), description);
    ASSERT_TRUE(pair.Send(pair.client(), "is not heard"));
    pair.RunFor(seconds(1));
    EXPECT_TRUE(server.received.empty());
    EXPECT_EQ(server.association->NextTimeout(), std::nullopt);
  }
}

INSTANTIATE_TEST_SUITE_P(Descriptions, EveryAlertTest,
                         testing::Values(0, 1, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47,
                                         48, 49, 50, 51, 52, 60, 70, 71, 80, 86, 90, 100, 109, 110,
                                         112, 113, 115, 116, 120, 200, 255),
                         testing::PrintToStringParamName());

//= rfc8446#section-6.2
//= type=test
//# Whenever an implementation encounters a fatal error condition, it SHOULD
//# send an appropriate fatal alert and MUST close the connection without
//# sending or receiving any additional data.
//= rfc8446#section-6.2
//= type=test
//# In the rest of this specification, when the phrases "terminate the
//# connection" and "abort the handshake" are used without a specific alert
//# it means that the implementation SHOULD send the alert indicated by the
//# descriptions below.
TEST_F(ClosingTest, AfterItsOwnErrorASideSendsAndTakesNothing) {
  Side& server = pair_.server();
  Forge forge(pair_, pair_.client());
  pair_.Inject(server, forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake,
                                       WholeMessage(HandshakeType::kFinished, 2, Bytes(32))));
  ASSERT_TRUE(server.failure);
  EXPECT_EQ(server.failure->alert(), AlertDescription::kUnexpectedMessage);
  EXPECT_FALSE(pair_.Send(server, "nothing"));
  EXPECT_FALSE(server.association->facts().records.CanRead(kFirstApplicationEpoch));
  ASSERT_TRUE(pair_.Send(pair_.client(), "is not heard"));
  pair_.RunFor(seconds(1));
  EXPECT_TRUE(server.received.empty());
  ASSERT_TRUE(pair_.client().failure);
  EXPECT_EQ(pair_.client().failure->alert(), AlertDescription::kUnexpectedMessage);
  // The alert is said a few times more to whoever did not hear it; then its keys are forgotten.
  for (int i = 0; i < 8; ++i) pair_.Inject(server, Bytes{1, 2, 3});
  EXPECT_FALSE(server.association->facts().records.CanWrite(kFirstApplicationEpoch));
}

//= rfc8446#section-6.2
//= type=test
//# The implementation SHOULD provide a way to facilitate logging the
//# sending and receiving of alerts.
TEST(AlertTraceTest, AlertsAreTracedBothWays) {
  PairOptions options = Options();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  Association& client = *pair.client().association;
  const auto traced = [](Association& association, bool outgoing) {
    while (const std::optional<Event> event = association.PollEvent()) {
      if (event->type == EventType::kTrace && event->trace.content_type == ContentType::kAlert) {
        return event->trace.outgoing == outgoing && event->data.size() == kAlertLen;
      }
    }
    return false;
  };
  client.Close();
  std::array<uint8_t, 2048> datagram;
  const size_t len = client.PollTransmit(datagram, pair.now());
  EXPECT_TRUE(traced(client, /*outgoing=*/true));
  pair.server().association->HandleDatagram(std::span(datagram).first(len), pair.now());
  EXPECT_TRUE(traced(*pair.server().association, /*outgoing=*/false));
}

// A handshake that the caller cancels, before and after the server has the hello at 10 ms.
//= rfc8446#section-6.1
//= type=test
//# This alert SHOULD be followed by a "close_notify".
TEST(CancelTest, ACanceledHandshakeEndsCleanlyOnBothSides) {
  std::array<uint8_t, 2048> buffer;
  for (const milliseconds after : {milliseconds(0), milliseconds(11), milliseconds(15)}) {
    for (const bool by_client : {true, false}) {
      AssociationPair pair(Options());
      pair.RunFor(after);
      Side& side = by_client ? pair.client() : pair.server();
      Side& peer = by_client ? pair.server() : pair.client();
      ASSERT_FALSE(side.connected);
      side.association->Cancel();
      pair.Flush(side);
      ASSERT_TRUE(side.failure);
      EXPECT_EQ(side.failure->reason(), Reason::kCanceled);
      EXPECT_FALSE(side.failure_from_peer);
      const SentDatagram& last = pair.link().log().back();
      if (last.bytes[0] == static_cast<uint8_t>(ContentType::kAlert)) {
        //= rfc8446#section-5.1
        //= type=test
        //# Alert messages (Section 6) MUST NOT be fragmented across records, and
        //# multiple alert messages MUST NOT be coalesced into a single
        //# TLSPlaintext record.
        ASSERT_EQ(last.bytes.size(), 30u);
        EXPECT_EQ(last.bytes[14], 90);
        EXPECT_EQ(last.bytes[29], 0);
      }
      pair.RunFor(seconds(1));
      const bool told = peer.failure.has_value() || peer.peer_closed;
      EXPECT_TRUE(told) << after.count() << (by_client ? " client" : " server");
      EXPECT_EQ(side.association->NextTimeout(), std::nullopt);
      EXPECT_EQ(side.association->PollTransmit(buffer, pair.now()), 0u);
    }
  }
}

}  // namespace
}  // namespace dtls13::sim
