// SPDX-License-Identifier: Apache-2.0
// What someone who can only send datagrams, without any keys, can do to an association: nothing
// that lasts.

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dtls13/wire/ack.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

auto LoseAll() {
  return [](const SentDatagram&) { return true; };
}

// The server waits for Finished; the client's never arrives by itself.
class WaitingServerTest : public testing::Test {
 protected:
  WaitingServerTest() : pair_(DefaultPairOptions()) {
    pair_.link().SetFilter([](const SentDatagram& datagram) {
      return datagram.direction == Direction::kClientToServer && datagram.index > 0;
    });
    pair_.RunFor(milliseconds(100));
    EXPECT_TRUE(pair_.client().connected);
    EXPECT_FALSE(pair_.server().connected);
  }

  AssociationPair pair_;
};

TEST_F(WaitingServerTest, PlaintextMessagesCannotTakeTheFinishedsPlace) {
  for (uint16_t seq = 1; seq < 4; ++seq) {
    pair_.Inject(pair_.server(),
                 Forge::Plaintext(ContentType::kHandshake, 0, 100 + seq,
                                  Forge::Fragment(HandshakeType::kFinished, seq, 0, {})));
    pair_.Inject(pair_.server(), Forge::Plaintext(ContentType::kHandshake, 0, 200 + seq,
                                                  Forge::Fragment(HandshakeType::kFinished, seq, 48,
                                                                  Bytes{1, 2, 3})));
  }
  EXPECT_FALSE(pair_.server().failure);
  pair_.link().SetFilter(nullptr);
  EXPECT_TRUE(pair_.RunUntilConnected());
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

//= rfc9147#section-11
//= type=test
//# In particular, DTLS servers
//# that do not use the cookie exchange may be used as attack amplifiers
//# even if they themselves are not experiencing DoS.
TEST_F(WaitingServerTest, RepeatedHellosAndEmptyAcksBringLittleAgain) {
  const auto num_bytes = [this] {
    size_t num = 0;
    for (const SentDatagram& datagram : pair_.link().log()) {
      if (datagram.direction == Direction::kServerToClient) num += datagram.bytes.size();
    }
    return num;
  };
  const size_t flight = num_bytes();
  Bytes ack(kAckHeaderLen);
  ASSERT_EQ(WriteAck({}, ack), ack.size());
  uint64_t number = 1000;
  for (int i = 0; i < 2000; ++i) {
    pair_.RunFor(milliseconds(10));
    pair_.Inject(pair_.server(),
                 Forge::Plaintext(ContentType::kHandshake, 0, number++,
                                  Forge::Fragment(HandshakeType::kClientHello, 0, 0, {})));
    pair_.Inject(pair_.server(), Forge::Plaintext(ContentType::kAck, 0, number++, ack));
  }
  // Sixteen repetitions, and those of the server's own timer in twenty seconds: a hundredth of what
  // was asked for.
  EXPECT_LE(num_bytes() - flight, flight * (16u + 6u));
}

// Whoever sent the hello, from an address that need not be its own, says nothing more.
//= rfc9147#section-5.1
//= type=test
//# DTLS servers SHOULD perform a cookie exchange whenever a new handshake is
//# being performed.
//= rfc9147#section-5.1
//= type=test
//# A server SHOULD limit the amount of data it sends toward a client address
//# to three times the amount of data sent by the client before it verifies
//# that the client is able to receive data at that address.
//= rfc9147#section-11
//= type=test
//# Therefore, DTLS servers SHOULD use the cookie exchange unless there is
//# good reason to believe that amplification is not a threat in their
//# environment.
TEST(ForgeryTest, AnUnprovedAddressGetsNoMultipleOfWhatItSent) {
  PairOptions options = DefaultPairOptions();
  options.server.handshake.server.require_cookie = HandshakeConfig().server.require_cookie;
  AssociationPair pair(options);
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer;
  });
  pair.RunFor(minutes(1));
  // Replayed, the hello brings as much again each time, and no more.
  const Bytes hello = pair.link().log().front().bytes;
  size_t received = hello.size();
  for (int i = 0; i < 10; ++i) {
    pair.Inject(pair.server(), hello);
    received += hello.size();
  }
  pair.RunFor(minutes(1));
  size_t sent = 0;
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == Direction::kServerToClient) sent += datagram.bytes.size();
  }
  EXPECT_GT(sent, 0u);
  EXPECT_LE(sent, 3 * received);
}

TEST_F(WaitingServerTest, AForgedAckDoesNotStopTheServerHello) {
  Bytes ack(kAckHeaderLen + kAckRecordNumberLen);
  const std::array<RecordNumber, 1> server_hello = {{{kPlaintextEpoch, SequenceNumber{0}}}};
  ASSERT_EQ(WriteAck(server_hello, ack), ack.size());
  pair_.Inject(pair_.server(), Forge::Plaintext(ContentType::kAck, 0, 1000, ack));
  pair_.RunFor(seconds(2));
  const SentDatagram& last = [&]() -> const SentDatagram& {
    const auto& log = pair_.link().log();
    for (auto at = log.rbegin(); at != log.rend(); ++at) {
      if (at->direction == Direction::kServerToClient) return *at;
    }
    return log.front();
  }();
  EXPECT_EQ(last.bytes[0], static_cast<uint8_t>(ContentType::kHandshake))
      << "a retransmission still begins with the plaintext ServerHello";
}

// F17: fragments of a hello that never was, before the true one: their record numbers must neither
// hide the true hello nor use up the numbers of its answer, nor their bytes pass for its own.
TEST(ForgeryTest, F17ForgedHelloFragmentsDoNotKeepTheTrueHelloOut) {
  AssociationPair pair(DefaultPairOptions());
  const Bytes body(40, 0x55);
  for (uint16_t message_seq : {0, 1, 0}) {
    for (uint64_t number : {uint64_t{0}, uint64_t{5000}, (uint64_t{1} << 48) - 1}) {
      pair.Inject(pair.server(), Forge::Plaintext(ContentType::kHandshake, 0, number,
                                                  Forge::Fragment(HandshakeType::kClientHello,
                                                                  message_seq, 500, body)));
    }
  }
  EXPECT_TRUE(pair.RunUntilConnected()) << pair.link().Describe();
  EXPECT_LT(pair.now().time_since_epoch(), milliseconds(500));
}

TEST(ForgeryTest, AForgedFragmentDoesNotStopTheClientsTimer) {
  AssociationPair pair(DefaultPairOptions());
  // The true ClientHello is lost; all the client hears is a byte of a ServerHello that never was.
  pair.link().SetFilter([](const SentDatagram& datagram) { return datagram.index == 0; });
  pair.Inject(pair.client(),
              Forge::Plaintext(ContentType::kHandshake, 0, 5,
                               Forge::Fragment(HandshakeType::kServerHello, 3, 90, Bytes{7})));
  EXPECT_TRUE(pair.client().association->facts().has_unacked);
  EXPECT_TRUE(pair.client().association->NextTimeout());
}

TEST(ForgeryTest, APeerThatFallsSilentInMidHandshakeIsGivenUp) {
  for (const bool client_waits : {true, false}) {
    PairOptions options = DefaultPairOptions();
    options.server.mtu = 400;
    AssociationPair pair(options);
    // Either the client got half a flight, or the server an ACK of all of it, and then nothing.
    pair.link().SetFilter([&](const SentDatagram& datagram) {
      return client_waits ? datagram.direction == Direction::kServerToClient && datagram.index > 0
                          : datagram.direction == Direction::kClientToServer && datagram.index > 0;
    });
    pair.RunFor(milliseconds(100));
    pair.link().SetFilter(LoseAll());
    pair.RunUntilQuiet(std::chrono::hours(2));
    const Side& waiting = client_waits ? pair.client() : pair.server();
    ASSERT_TRUE(waiting.failure) << client_waits;
    EXPECT_EQ(waiting.failure->reason(), Reason::kHandshakeTimeout);
  }
}

TEST(ForgeryTest, ARepeatedHelloDoesNotDisturbAServerThatAwaitsItsCredential) {
  PairOptions options = DefaultPairOptions();
  options.server.handshake.ask_credential = true;
  options.server.handshake.credential = nullptr;
  auto client = Association::NewClient(std::make_shared<AssociationConfig>(options.client),
                                       ClientParameters());
  auto server = Association::NewServer(std::make_shared<AssociationConfig>(options.server),
                                       ServerParameters());
  std::array<uint8_t, 2048> buffer;
  const Instant start{};
  size_t len = client->PollTransmit(buffer, start);
  ASSERT_GT(len, 0u);
  server->HandleDatagram(std::span(buffer).first(len), start);
  ASSERT_EQ(server->PollEvent()->type, EventType::kCredentialWanted);
  client->HandleTimeout(*client->NextTimeout());
  len = client->PollTransmit(buffer, start);
  ASSERT_GT(len, 0u);
  server->HandleDatagram(std::span(buffer).first(len), start);
  const TestIdentity& identity = TestIdentity::Get(KeyType::kEcdsaP256);
  server->ProvideCredential(identity.credential(), start);
  ASSERT_EQ(server->PollEvent()->type, EventType::kSignatureWanted);
  const SignatureRequest& request = server->facts().signature_request;
  server->ProvideSignature(identity.Sign(request.scheme, request.input), start);
  EXPECT_FALSE(server->facts().failed);
  EXPECT_GT(server->PollTransmit(buffer, start), 0u);
}

}  // namespace
}  // namespace dtls13::sim
