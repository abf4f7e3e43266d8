// SPDX-License-Identifier: Apache-2.0
// What plaintext fragments that somebody sends before there are keys do to the handshake, and to
// the association later: nothing.

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "dtls13/wire/ack.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

PairOptions CookieOptions(bool cookie) {
  PairOptions options = ForgeableOptions();
  options.server.handshake.server.require_cookie = cookie;
  return options;
}

// Which side hears the forger, whether there is a HelloRetryRequest, how much time goes by before,
// and the MTU: with the small one every message comes in pieces.
using Case = std::tuple<Role, bool, int, size_t>;

class PlaintextForgeryTest : public testing::TestWithParam<Case> {
 protected:
  static PairOptions MakeOptions() {
    PairOptions options = CookieOptions(std::get<1>(GetParam()));
    options.client.mtu = options.server.mtu = std::get<3>(GetParam());
    // A server that waits for its caller has answered nothing and has no keys.
    options.server.handshake.ask_credential = true;
    options.max_answer_delay = milliseconds(40);
    return options;
  }

  PlaintextForgeryTest() : pair_(MakeOptions()) {
    pair_.RunFor(milliseconds(std::get<2>(GetParam())));
  }

  Side& target() {
    return std::get<0>(GetParam()) == Role::kClient ? pair_.client() : pair_.server();
  }

  void Inject(HandshakeType type, uint16_t message_seq, uint32_t message_len, const Bytes& body) {
    pair_.Inject(target(), Forge::Plaintext(ContentType::kHandshake, 0, next_number_++,
                                            Forge::Fragment(type, message_seq, message_len, body)));
  }

  void ExpectUnharmed() {
    EXPECT_FALSE(target().failure) << static_cast<int>(target().failure->reason());
    EXPECT_TRUE(pair_.RunUntilConnected()) << pair_.link().Describe();
    // What waits for its turn would meet it in the messages that follow the handshake.
    for (int i = 0; i < 12; ++i) {
      pair_.UpdateKeys(pair_.client(), /*request_peer=*/true);
      pair_.RunFor(seconds(5));
    }
    EXPECT_TRUE(pair_.DataFlowsBothWays());
    EXPECT_EQ(pair_.server().association->facts().records.newest_read_epoch(), Epoch{15});
  }

  AssociationPair pair_;
  uint64_t next_number_ = 77;
};

constexpr HandshakeType kTypes[] = {HandshakeType::kFinished, HandshakeType::kEncryptedExtensions,
                                    HandshakeType::kServerHello, HandshakeType::kClientHello,
                                    HandshakeType::kKeyUpdate};

//= rfc9147#section-4.5.2
//= type=test
//# In general, invalid records
//# SHOULD be silently discarded, thus preserving the association;
TEST_P(PlaintextForgeryTest, AFragmentOfAnyMessageDoesNoHarm) {
  for (uint16_t seq = 0; seq < 12; ++seq) {
    for (const HandshakeType type : kTypes) Inject(type, seq, 40, Bytes{1});
  }
  ExpectUnharmed();
}

TEST_P(PlaintextForgeryTest, AnEmptyFragmentOfAnyMessageDoesNoHarm) {
  for (uint16_t seq = 0; seq < 12; ++seq) {
    for (const HandshakeType type : kTypes) Inject(type, seq, 40, {});
  }
  ExpectUnharmed();
}

TEST_P(PlaintextForgeryTest, AMessageThatIsTooLongDoesNoHarm) {
  for (uint16_t seq = 0; seq < 12; ++seq) {
    for (const HandshakeType type : kTypes) {
      Inject(type, seq, 0xffffff, Bytes{1});
    }
  }
  ExpectUnharmed();
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return std::string(std::get<0>(info.param) == Role::kClient ? "Client" : "Server") +
         (std::get<1>(info.param) ? "Cookie" : "") + "After" +
         std::to_string(std::get<2>(info.param)) + "Mtu" + std::to_string(std::get<3>(info.param));
}

// A datagram takes ten milliseconds: before the first hello, while it waits for its answer, and
// at each stage of a handshake with a HelloRetryRequest.
INSTANTIATE_TEST_SUITE_P(Stages, PlaintextForgeryTest,
                         testing::Combine(testing::Values(Role::kClient, Role::kServer),
                                          testing::Bool(), testing::Values(0, 5, 11, 15, 25, 31),
                                          testing::Values(size_t{256}, size_t{1200})),
                         NameOf);

// A message that the server never meant, whole and ahead of what it sends, is not taken with it.
TEST(ForgedMessageTest, AWholeMessageBehindTheServerHelloIsNotKept) {
  AssociationPair pair(ForgeableOptions());
  for (uint16_t seq = 1; seq < 9; ++seq) {
    pair.Inject(pair.client(), Forge::Plaintext(ContentType::kHandshake, 0, 70 + seq,
                                                Forge::Fragment(HandshakeType::kEncryptedExtensions,
                                                                seq, 2, Bytes{0, 0})));
  }
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// What a forger says of the second hello, of which a copy is lost.
class ForgedAckTest : public testing::TestWithParam<size_t> {
 protected:
  static PairOptions MakeOptions() {
    PairOptions options = CookieOptions(true);
    options.client.mtu = GetParam();
    return options;
  }

  ForgedAckTest() : pair_(MakeOptions()) {
    pair_.link().SetFilter([this](const SentDatagram& datagram) {
      const bool is_lost = is_losing_ && datagram.direction == Direction::kClientToServer;
      if (is_lost) ++num_lost_;
      return is_lost;
    });
    pair_.RunFor(milliseconds(15));
    is_losing_ = true;
    pair_.RunFor(milliseconds(35));
    EXPECT_GT(num_lost_, 0u);
    is_losing_ = false;
  }

  void ForgeAck(uint64_t number) {
    Bytes ack(kAckHeaderLen + kAckRecordNumberLen);
    const RecordNumber acked{kPlaintextEpoch, SequenceNumber{number}};
    ASSERT_EQ(WriteAck({&acked, 1}, ack), ack.size());
    pair_.Inject(pair_.client(), Forge::Plaintext(ContentType::kAck, 0, 5000 + number, ack));
  }

  AssociationPair pair_;
  bool is_losing_ = false;
  size_t num_lost_ = 0;
};

TEST_P(ForgedAckTest, TheLostHelloIsSentAgain) {
  for (uint64_t number = 0; number < 20; ++number) ForgeAck(number);
  EXPECT_TRUE(pair_.client().association->facts().has_unacked);
  EXPECT_TRUE(pair_.RunUntilConnected()) << pair_.link().Describe();
  // As without a forger: when the timer of one second expires.
  EXPECT_LT(pair_.now().time_since_epoch(), seconds(2));
}

TEST_P(ForgedAckTest, AForgerThatGoesOnDelaysNothingEither) {
  for (int i = 0; i < 30; ++i) {
    for (uint64_t number = 0; number < 20; ++number) ForgeAck(number);
    pair_.RunFor(milliseconds(100));
  }
  EXPECT_TRUE(pair_.client().connected);
  EXPECT_LT(pair_.client().association->facts().retransmit_timer.num_expiries, 4u);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

INSTANTIATE_TEST_SUITE_P(Mtus, ForgedAckTest, testing::Values(size_t{256}, size_t{1200}));

}  // namespace
}  // namespace dtls13::sim
