// SPDX-License-Identifier: Apache-2.0
// What a server that asks for no cookie sends to an address that need not be its client's.

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

#include "dtls13/flight/sending_bound.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/chosen_sizing.h"
#include "tests/sim/test_identity.h"

namespace dtls13::sim {
namespace {

auto LoseAll() {
  return [](const SentDatagram&) { return true; };
}

size_t NumBytes(const AssociationPair& pair, Direction direction) {
  size_t num_bytes = 0;
  for (const SentDatagram& datagram : pair.link().log()) {
    if (datagram.direction == direction) num_bytes += datagram.bytes.size();
  }
  return num_bytes;
}

PairOptions Options(KeyType key = KeyType::kRsa2048) {
  PairOptions options = DefaultPairOptions();
  options.key = key;
  options.server.retransmit.max_expiries = 13;
  return options;
}

Bytes ClientHello(const PairOptions& options) {
  AssociationPair pair(options);
  pair.link().SetFilter(LoseAll());
  pair.RunFor(milliseconds(1));
  return pair.link().log().front().bytes;
}

// A hello that somebody forged, alone and repeated, and every repetition of the server's own timer.
//= rfc9147#section-5.1
//= type=test
//# A server SHOULD limit the amount of data it sends toward a client
//# address to three times the amount of data sent by the client before it
//# verifies that the client is able to receive data at that address.
TEST(Amplification, AForgedAddressGetsTheFlightOnceAndThreeTimesWhatItSent) {
  const Bytes hello = ClientHello(Options());
  for (const size_t num_hellos : {1u, 2u, 17u, 100u}) {
    PairOptions options = Options();
    options.drop = LoseAll();
    AssociationPair pair(options);
    pair.Inject(pair.server(), hello);
    const size_t flight = NumBytes(pair, Direction::kServerToClient);
    ASSERT_GT(flight, hello.size());
    for (size_t i = 1; i < num_hellos; ++i) {
      pair.RunFor(milliseconds(60));
      pair.Inject(pair.server(), hello);
    }
    pair.RunFor(minutes(20));
    EXPECT_TRUE(pair.server().failure) << "the peer is gone";
    EXPECT_LE(NumBytes(pair, Direction::kServerToClient), flight + 3 * num_hellos * hello.size());
  }
}

const TestIdentity& LongChain() {
  static const TestIdentity kChain =
      TestIdentity::MakeChain(KeyType::kEd25519, /*num_certificates=*/12, /*padding_len=*/2000);
  return kChain;
}

// The first ten records of a long chain leave, the rest is bounded as repetitions are.
TEST(Amplification, OfALongChainTheFirstBurstLeaves) {
  PairOptions options = Options();
  options.identity = &LongChain();
  const Bytes hello = ClientHello(options);
  options.drop = LoseAll();
  AssociationPair pair(options);
  pair.Inject(pair.server(), hello);
  const size_t burst = NumBytes(pair, Direction::kServerToClient);
  EXPECT_GT(burst, 8 * kDefaultMtu);
  EXPECT_LE(burst, kMaxBurstRecords * kDefaultMtu);
  pair.RunFor(minutes(20));
  EXPECT_LE(NumBytes(pair, Direction::kServerToClient), burst + 3 * hello.size());
}

// Padding is no reason to send more than the bound: the flight is as many records, and what repeats
// or ends it is padded with what there is left.
TEST(Amplification, PaddingKeepsToTheBound) {
  const Bytes hello = ClientHello(Options());
  for (const bool aborts : {false, true}) {
    const auto sizing = ChosenSizing::Filling();
    PairOptions options = Options();
    options.server.record_sizing = sizing;
    options.drop = LoseAll();
    AssociationPair pair(options);
    pair.Inject(pair.server(), hello);
    const size_t flight = NumBytes(pair, Direction::kServerToClient);
    EXPECT_LE(flight, kMaxBurstRecords * kDefaultMtu);
    if (aborts) {
      pair.server().association->Abort(AlertDescription::kInternalError);
      pair.Flush(pair.server());
      EXPECT_GT(NumBytes(pair, Direction::kServerToClient), flight + 2 * hello.size());
    }
    pair.RunFor(minutes(20));
    EXPECT_TRUE(pair.server().failure || aborts);
    EXPECT_LE(NumBytes(pair, Direction::kServerToClient), flight + 3 * hello.size());
  }
}

TEST(Amplification, PaddingKeepsNoHandshakeBack) {
  const auto sizing = ChosenSizing::Filling();
  PairOptions options = Options();
  options.client.record_sizing = options.server.record_sizing = sizing;
  AssociationPair pair(options);
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.at < Instant(seconds(20));
  });
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// A client acknowledges the first burst under keys, which only it can have.
TEST(Amplification, AProtectedRecordOfTheClientsLiftsTheBound) {
  PairOptions options = Options();
  options.identity = &LongChain();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected(milliseconds(500)));
  EXPECT_GT(NumBytes(pair, Direction::kServerToClient), 12u * 2000u);
}

// Of a plaintext record, behind its type, version and epoch.
constexpr size_t kSequenceNumberEnd = 1 + 2 + 2 + 6;

// A client that acknowledges no parts says by its hello alone that it lacks something. The server
// does not know whether that is the beginning of the flight or its end, which never left.
TEST(Amplification, TheEndOfALongChainReachesAClientThatAcknowledgesNoPart) {
  static const TestIdentity kChain =
      TestIdentity::MakeChain(KeyType::kEd25519, /*num_certificates=*/5, /*padding_len=*/2000);
  PairOptions options = Options();
  options.identity = &kChain;
  const Bytes hello = ClientHello(options);
  AssociationPair pair(options);
  pair.link().SetFilter([&pair](const SentDatagram& datagram) {
    return datagram.direction == Direction::kClientToServer && datagram.index > 0 &&
           !pair.client().association->facts().connected;
  });
  pair.RunFor(milliseconds(900));
  const size_t burst = kMaxBurstRecords * kDefaultMtu;
  size_t num_hellos = 1;
  for (int pause = 1; num_hellos < 6; pause *= 2) {
    EXPECT_LE(NumBytes(pair, Direction::kServerToClient),
              burst + kMaxAmplification * num_hellos * hello.size());
    if (pair.client().connected) break;
    Bytes again = hello;
    again[kSequenceNumberEnd - 1] = static_cast<uint8_t>(num_hellos++);
    pair.Inject(pair.server(), again);
    pair.RunFor(seconds(pause));
  }
  EXPECT_TRUE(pair.RunUntilConnected(seconds(1))) << pair.link().Describe();
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// The bound is for what comes again, not for what comes first.
TEST(Amplification, AChainOfOneBurstTakesNoRoundTripMore) {
  static const TestIdentity kChain =
      TestIdentity::MakeChain(KeyType::kEd25519, /*num_certificates=*/3, /*padding_len=*/2000);
  PairOptions options = Options();
  options.identity = &kChain;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_GT(NumBytes(pair, Direction::kServerToClient),
            kMaxAmplification * pair.link().log().front().bytes.size());
  EXPECT_EQ(pair.now(), Instant(milliseconds(30)));
}

// A client that has heard nothing repeats its hello, as often as it takes.
TEST(Amplification, ARepeatedHelloRaisesTheBound) {
  AssociationPair pair(Options());
  pair.link().SetFilter([&](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.at < Instant(seconds(20));
  });
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// The server may say no more, and the client has nothing of its own to repeat but its ACK: the
// second datagram of the flight is lost, then all that the client says for a long time.
TEST(Amplification, AnAckThatIsLostIsSentAgain) {
  PairOptions options = Options();
  options.server.retransmit.max_expiries = 60;
  AssociationPair pair(options);
  pair.link().SetFilter([](const SentDatagram& datagram) {
    if (datagram.at > Instant(seconds(40))) return false;
    return datagram.index > 0;
  });
  pair.RunFor(seconds(39));
  EXPECT_FALSE(pair.client().connected);
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// An ACK that leaves while the client's caller is at work, here on the certificate that the server
// asks for, is repeated as any other: it and the end of the server's flight are lost.
TEST(Amplification, AnAckThatIsLostWhileTheCallerIsAskedIsSentAgain) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    PairOptions options = DefaultPairOptions(seed);
    options.server.retransmit.max_expiries = 60;
    options.server.handshake.server.client_authentication = ClientAuthentication::kRequired;
    options.client.handshake.ask_credential = true;
    options.client_identity = &TestIdentity::Get(KeyType::kEd25519);
    options.max_answer_delay = seconds(10);
    AssociationPair pair(options);
    // The server's CertificateVerify waits for its caller, and so comes later.
    pair.link().SetFilter([](const SentDatagram& datagram) {
      if (datagram.at > Instant(seconds(40))) return false;
      return datagram.direction == Direction::kClientToServer
                 ? datagram.index > 0
                 : datagram.at > Instant(milliseconds(20));
    });
    pair.RunFor(seconds(39));
    EXPECT_GT(pair.link().num_sent(Direction::kClientToServer), 2u) << "seed " << seed;
    EXPECT_FALSE(pair.client().connected) << "seed " << seed;
    EXPECT_TRUE(pair.RunUntilConnected()) << "seed " << seed << "\n" << pair.link().Describe();
  }
}

// What one address sends raises nothing for another.
TEST(Amplification, TwoAddressesHaveEachTheirOwnBound) {
  const Bytes hello = ClientHello(Options());
  PairOptions options = Options();
  options.paths.emplace();
  options.paths->Open("A", "A");
  options.drop = LoseAll();
  AssociationPair pair(options);
  // Much of one address, which is no hello, brings another nothing.
  pair.InjectFrom(pair.server(), Bytes(60'000), NamedPath("B"));
  pair.InjectFrom(pair.server(), hello, NamedPath("A"));
  const size_t flight = NumBytes(pair, Direction::kServerToClient);
  pair.InjectFrom(pair.server(), Bytes(60'000), NamedPath("B"));
  pair.RunFor(minutes(20));
  EXPECT_LE(NumBytes(pair, Direction::kServerToClient), flight + 3 * hello.size());
}

}  // namespace
}  // namespace dtls13::sim
