// SPDX-License-Identifier: Apache-2.0
// Known ways to get DTLS 1.3 wrong, each by its identifier, seen from outside an Association.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/wire/ack.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

PairOptions Options(size_t mtu = kDefaultMtu) {
  PairOptions options = ForgeableOptions();
  options.client.mtu = options.server.mtu = mtu;
  return options;
}

size_t NumSent(AssociationPair& pair) { return pair.link().log().size(); }

// Loses the datagrams of `direction` with these indices.
auto Lose(Direction direction, std::vector<size_t> indices) {
  return [direction, indices = std::move(indices)](const SentDatagram& datagram) {
    return datagram.direction == direction &&
           std::find(indices.begin(), indices.end(), datagram.index) != indices.end();
  };
}

Bytes AckOf(std::vector<RecordNumber> numbers) {
  Bytes content(kAckHeaderLen + numbers.size() * kAckRecordNumberLen);
  EXPECT_EQ(WriteAck(numbers, content), content.size());
  return content;
}

using ConnectedTest = QuietPairTest;

// F1
//= rfc9147#section-5.8.1
//= type=test
//# In addition, for at least twice the default MSL defined for
//# [RFC0793], when in the FINISHED state, the server MUST respond to
//# retransmission of the client's final flight with a retransmit of its
//# ACK.
TEST(FailureCases, F1ALostAckOfFinishedIsSentAgain) {
  AssociationPair pair(Options());
  pair.link().SetFilter(Lose(Direction::kServerToClient, {1, 2}));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(20));
  EXPECT_TRUE(pair.client().handshake_acked);
  EXPECT_FALSE(pair.client().association->facts().has_unacked);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// F1: however late the ACK gets through.
TEST(FailureCases, F1FinishedIsAcknowledgedAsLongAsItIsRepeated) {
  PairOptions options = Options();
  options.client.retransmit.max_expiries = 40;
  AssociationPair pair(std::move(options));
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index > 0 &&
           datagram.at.time_since_epoch() < minutes(5);
  });
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(minutes(5));
  ASSERT_FALSE(pair.client().handshake_acked);
  pair.RunFor(minutes(2));
  EXPECT_TRUE(pair.client().handshake_acked);
  EXPECT_FALSE(pair.client().association->facts().has_unacked);
}

// F5: time that passes between the ACKs of a flight's parts harms nothing, and only what is missing
// is sent again.
TEST(FailureCases, F5TimeBetweenPartialAcksHarmsNothing) {
  AssociationPair pair(Options(400));
  pair.link().SetFilter(Lose(Direction::kServerToClient, {1}));
  for (int i = 0; i < 50 && !pair.server().connected; ++i) {
    pair.RunFor(milliseconds(7));
    for (Side* side : {&pair.client(), &pair.server()}) {
      side->association->HandleTimeout(pair.now());
      pair.Flush(*side);
    }
  }
  ASSERT_TRUE(pair.server().connected) << pair.link().Describe();
  // The partial ACK brought back the one lost datagram long before the timer would have.
  EXPECT_LT(pair.now().time_since_epoch(), milliseconds(500));
}

// F6, F13
TEST_F(ConnectedTest, F6F13ARepeatedFinishedIsAcknowledgedAtOnce) {
  AssociationPair pair(Options());
  pair.link().SetFilter(Lose(Direction::kServerToClient, {1}));
  ASSERT_TRUE(pair.RunUntilConnected());
  const size_t before = pair.link().num_sent(Direction::kServerToClient);
  // The client's retransmission reaches the server 10 ms after it left; so does the ACK, with no
  // delay of its own.
  pair.RunFor(seconds(1) + milliseconds(11));
  EXPECT_GT(pair.link().num_sent(Direction::kServerToClient), before);
  pair.RunFor(milliseconds(10));
  EXPECT_TRUE(pair.client().handshake_acked);
}

// F8
TEST_F(ConnectedTest, F8OddAckListsAreTaken) {
  Forge forge(pair_, pair_.client());
  const RecordNumber a{kFirstApplicationEpoch, SequenceNumber{1}};
  const RecordNumber b{kFirstApplicationEpoch, SequenceNumber{0}};
  for (const std::vector<RecordNumber>& list :
       {std::vector<RecordNumber>{}, {a, b}, {a, a, a}, std::vector<RecordNumber>(900, a)}) {
    pair_.Inject(pair_.server(),
                 forge.Protected(kFirstApplicationEpoch, ContentType::kAck, AckOf(list)));
    EXPECT_FALSE(pair_.server().failure);
  }
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

TEST_F(ConnectedTest, F8AnAckOfOddLengthIsADecodeError) {
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kAck, ToBytes("\x00\x03zzz")));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kDecodeError);
}

// F8, F11's core half: before DTLS 1.3 is selected an ACK means nothing.
TEST(FailureCases, F8AnAckBeforeServerHelloIsIgnored) {
  AssociationPair pair(Options());
  pair.link().SetFilter([](const SentDatagram&) { return true; });
  pair.Inject(pair.client(), Forge::Plaintext(ContentType::kAck, 0, 0,
                                              AckOf({{kPlaintextEpoch, SequenceNumber{0}}})));
  EXPECT_FALSE(pair.client().failure);
  EXPECT_TRUE(pair.client().association->facts().has_unacked);
}

// F9
TEST_F(ConnectedTest, F9AnAckOfAnEpochAboveItsOwnIsIllegal) {
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(), forge.Protected(kFirstApplicationEpoch, ContentType::kAck,
                                               AckOf({{Epoch{4}, SequenceNumber{0}}})));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kIllegalParameter);
}

TEST_F(ConnectedTest, F9AcksOfForgottenOrUnsentRecordsDoNothing) {
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kAck,
                               AckOf({{kPlaintextEpoch, SequenceNumber{0}},
                                      {kHandshakeEpoch, SequenceNumber{0}},
                                      {kFirstApplicationEpoch, SequenceNumber{99999}}})));
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// F10
//= rfc9147#section-7.1
//= type=test
//# ACKs MUST NOT be sent for records of any content type other than
//# handshake or for records which cannot be deprotected.
TEST_F(ConnectedTest, F10OnlyHandshakeRecordsAreAcknowledged) {
  ASSERT_TRUE(pair_.Send(pair_.client(), "data"));
  const size_t after_data = NumSent(pair_);
  pair_.RunUntilQuiet();
  ASSERT_EQ(pair_.server().received.size(), 1u);
  pair_.Inject(pair_.server(), Bytes(60, 0x2f));
  pair_.RunUntilQuiet();
  EXPECT_EQ(NumSent(pair_), after_data);
}

// F15, F20
TEST_F(ConnectedTest, F15F20PlaintextAfterTheHandshakeIsDropped) {
  const Bytes alert = {2, 40};
  const Bytes ccs = {1};
  for (Side* side : {&pair_.client(), &pair_.server()}) {
    const size_t before = NumSent(pair_);
    pair_.Inject(*side, Forge::Plaintext(ContentType::kAlert, 0, 900, alert));
    pair_.Inject(*side, Forge::Plaintext(ContentType::kApplicationData, 0, 901, alert));
    pair_.Inject(*side, Forge::Plaintext(ContentType::kAck, 0, 902, AckOf({})));
    pair_.Inject(*side, Forge::Plaintext(ContentType::kChangeCipherSpec, 0, 903, ccs));
    pair_.Inject(*side, Forge::Plaintext(ContentType::kHandshake, 7, 904, alert));
    EXPECT_FALSE(side->failure);
    EXPECT_TRUE(side->received.empty());
    EXPECT_EQ(NumSent(pair_), before);
    EXPECT_GE(side->association->facts().records.num_dropped(DropReason::kUnexpectedPlaintext) +
                  side->association->facts().records.num_dropped(DropReason::kUnknownFirstByte),
              5u);
  }
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

TEST(FailureCases, F15ApplicationDataInPlaintextDuringTheHandshakeIsDropped) {
  AssociationPair pair(Options());
  pair.Inject(pair.server(),
              Forge::Plaintext(ContentType::kApplicationData, 0, 5, ToBytes("evil")));
  EXPECT_FALSE(pair.server().failure);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.server().received.empty());
}

// F16, server: its client's Finished does not arrive.
//= rfc9147#section-5.8.1
//= type=test
//# Implementations MUST either discard or buffer all application data
//# records for epoch 3 and above until they have received the Finished
//# message from the peer.
TEST(FailureCases, F16DataUnderTheHandshakeEpochIsUnexpectedAtTheServer) {
  AssociationPair pair(Options());
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer && datagram.index > 0;
  });
  pair.RunFor(milliseconds(100));
  ASSERT_TRUE(pair.client().connected);
  ASSERT_FALSE(pair.server().connected);
  Forge forge(pair, pair.client());
  // Under epoch 3 it is merely early and dropped...
  pair.Inject(pair.server(),
              forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, Bytes(12 + 48)));
  EXPECT_FALSE(pair.server().failure);
  EXPECT_FALSE(pair.server().connected);
  // ...under epoch 2 it is against the protocol.
  pair.Inject(pair.server(),
              forge.Protected(kHandshakeEpoch, ContentType::kApplicationData, ToBytes("early")));
  ASSERT_TRUE(pair.server().failure);
  EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kUnexpectedMessage);
  EXPECT_TRUE(pair.server().received.empty());
}

// F16, client: only the first datagram of the server's flight arrives.
TEST(FailureCases, F16DataUnderTheHandshakeEpochIsUnexpectedAtTheClient) {
  AssociationPair pair(Options(400));
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index > 0;
  });
  pair.RunFor(milliseconds(100));
  ASSERT_FALSE(pair.client().connected);
  Forge forge(pair, pair.server());
  pair.Inject(pair.client(),
              forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, Bytes(12 + 48)));
  EXPECT_FALSE(pair.client().failure);
  EXPECT_FALSE(pair.client().connected);
  pair.Inject(pair.client(),
              forge.Protected(kHandshakeEpoch, ContentType::kApplicationData, ToBytes("early")));
  ASSERT_TRUE(pair.client().failure);
  EXPECT_EQ(pair.client().failure->alert(), AlertDescription::kUnexpectedMessage);
  EXPECT_TRUE(pair.client().received.empty());
}

// F22
//= rfc9147#section-4.2.1
//= type=test
//# Implementations MUST send retransmissions of lost messages using the
//# same epoch and keying material as the original transmission.
TEST(FailureCases, F22ARetransmissionKeepsItsEpochAndTakesANewNumber) {
  AssociationPair pair(Options());
  pair.link().SetFilter(Lose(Direction::kClientToServer, {1}));
  pair.RunFor(milliseconds(100));
  ASSERT_TRUE(pair.client().connected);
  ASSERT_EQ(pair.client().association->facts().records.write_epoch(), kFirstApplicationEpoch);
  ASSERT_TRUE(pair.RunUntilConnected());
  std::vector<const SentDatagram*> finished;
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == Direction::kClientToServer && datagram.index > 0) {
      finished.push_back(&datagram);
    }
  }
  ASSERT_EQ(finished.size(), 2u);
  for (const SentDatagram* datagram : finished) {
    EXPECT_EQ(datagram->bytes[0] & 0xe3, 0x22) << "epoch 2 in a unified header";
  }
  EXPECT_NE(finished[0]->bytes, finished[1]->bytes);
  EXPECT_EQ(finished[0]->bytes.size(), finished[1]->bytes.size());
}

// The plaintext ServerHello at the start of a server's first datagram, cut into two fragments.
struct SplitHello {
  Bytes first, second, rest;
};

SplitHello Split(const Bytes& datagram) {
  Bytes copy = datagram;
  std::optional<PlaintextRecord> record = ParsePlaintextRecord(copy);
  EXPECT_TRUE(record);
  ByteReader reader(record->fragment);
  std::optional<HandshakeFragment> hello = ReadHandshakeFragment(&reader);
  EXPECT_TRUE(hello && reader.empty());
  const auto cut = [&](uint32_t from, uint32_t to, uint64_t number) {
    Bytes content(kHandshakeHeaderLen);
    HandshakeHeader header = hello->header;
    header.fragment_offset = from;
    header.fragment_len = to - from;
    WriteHandshakeHeader(header, content);
    content.insert(content.end(), hello->body.begin() + from, hello->body.begin() + to);
    return Forge::Plaintext(ContentType::kHandshake, 0, number, content);
  };
  const uint32_t len = hello->header.message_len;
  // They overlap by ten bytes.
  return {cut(0, len / 2 + 5, 100),
          cut(len / 2 - 5, len, 101),
          {datagram.begin() + static_cast<ptrdiff_t>(record->record_len), datagram.end()}};
}

class SplitHelloTest : public testing::Test {
 protected:
  SplitHelloTest() : pair_(Options()) {
    pair_.link().SetFilter([](const SentDatagram& datagram) {
      return datagram.direction == Direction::kServerToClient;
    });
    pair_.RunFor(milliseconds(50));
    for (const SentDatagram& datagram : pair_.link().log()) {
      if (datagram.direction != Direction::kServerToClient) continue;
      hello_ = Split(datagram.bytes);
      break;
    }
    pair_.link().SetFilter(nullptr);
  }

  AssociationPair pair_;
  SplitHello hello_;
};

// F24
TEST_F(SplitHelloTest, F24AFragmentedServerHelloIsPutTogether) {
  pair_.Inject(pair_.client(), hello_.second);
  EXPECT_FALSE(pair_.client().failure);
  pair_.Inject(pair_.client(), hello_.first);
  pair_.Inject(pair_.client(), hello_.rest);
  EXPECT_TRUE(pair_.client().connected);
  EXPECT_TRUE(pair_.RunUntilConnected());
}

// F25: in plaintext anybody may have changed it. The later one goes on, and the true one arrives.
//= rfc9147#section-5.5
//= type=test
//# DTLS implementations MUST be able to handle overlapping fragment
//# ranges.
TEST_F(SplitHelloTest, F25AnOverlapThatChangesAPlaintextByteStartsTheMessageAgain) {
  pair_.Inject(pair_.client(), hello_.first);
  Bytes changed = hello_.second;
  changed[kPlaintextHeaderLen + kHandshakeHeaderLen] ^= 1;
  pair_.Inject(pair_.client(), changed);
  EXPECT_FALSE(pair_.client().failure);
  pair_.Inject(pair_.client(), hello_.second);
  pair_.Inject(pair_.client(), hello_.first);
  pair_.Inject(pair_.client(), hello_.rest);
  EXPECT_TRUE(pair_.client().connected);
  EXPECT_TRUE(pair_.RunUntilConnected());
}

// F25: only the peer itself changes what is protected.
TEST_F(ConnectedTest, F25AnOverlapThatChangesAByteIsIllegal) {
  Forge forge(pair_, pair_.client());
  Bytes fragment(kHandshakeHeaderLen + 20);
  HandshakeHeader header{.type = HandshakeType::kNewConnectionId,
                         .message_len = 40,
                         .message_seq = 2,
                         .fragment_len = 20};
  WriteHandshakeHeader(header, fragment);
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, fragment));
  EXPECT_FALSE(pair_.server().failure);
  header.fragment_offset = 10;
  WriteHandshakeHeader(header, fragment);
  fragment[kHandshakeHeaderLen] ^= 1;
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, fragment));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kIllegalParameter);
}

// F38: a server that answers with DTLS 1.2's HelloVerifyRequest has no DTLS 1.3. It is not answered
// with a second hello, whose number it would have to mirror: the version is refused.
TEST(FailureCases, AHelloVerifyRequestIsAnotherVersion) {
  AssociationPair pair(Options());
  const Bytes content =
      Forge::Fragment(HandshakeType::kHelloVerifyRequest, 0, 7, Bytes{0xfe, 0xff, 4, 1, 2, 3, 4});
  pair.Inject(pair.client(), Forge::Plaintext(ContentType::kHandshake, 0, 0, content));
  ASSERT_TRUE(pair.client().failure);
  EXPECT_EQ(pair.client().failure->reason(), Reason::kUnsupportedProtocol);
  EXPECT_EQ(pair.client().failure->alert(), AlertDescription::kProtocolVersion);
}

// A ClientHello that is repeated brings the flight again and no ACK: the flight is its answer.
TEST(FailureCases, ARepeatedClientHelloIsAnsweredByTheFlightAlone) {
  PairOptions options = Options();
  options.client.retransmit.initial = milliseconds(100);
  AssociationPair pair(options);
  pair.link().SetFilter(Lose(Direction::kServerToClient, {0}));
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunUntilQuiet();
  // The flight, the flight again, and the ACK of Finished.
  EXPECT_EQ(pair.link().num_sent(Direction::kServerToClient), 3u) << pair.link().Describe();
  EXPECT_LT(pair.link().log().back().at.time_since_epoch(), seconds(1));
}

// F41
TEST_F(ConnectedTest, F41ALostCloseNotifyIsNotSentAgain) {
  pair_.link().SetFilter([](const SentDatagram&) { return true; });
  const size_t before = NumSent(pair_);
  pair_.client().association->Close();
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunUntilQuiet();
  EXPECT_EQ(NumSent(pair_), before + 1);
  EXPECT_FALSE(pair_.client().failure);
  EXPECT_FALSE(pair_.server().peer_closed);
}

TEST_F(ConnectedTest, F41SimultaneousCloseIsCleanOnBothSides) {
  for (Side* side : {&pair_.client(), &pair_.server()}) {
    side->association->Close();
    pair_.Flush(*side);
  }
  pair_.RunUntilQuiet();
  for (Side* side : {&pair_.client(), &pair_.server()}) {
    EXPECT_TRUE(side->peer_closed);
    EXPECT_FALSE(side->failure);
  }
}

TEST_F(ConnectedTest, F41AFatalAlertAfterCloseIsIgnored) {
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunUntilQuiet();
  ASSERT_TRUE(pair_.server().peer_closed);
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kAlert, Bytes{2, 80}));
  EXPECT_FALSE(pair_.server().failure);
}

}  // namespace
}  // namespace dtls13::sim
