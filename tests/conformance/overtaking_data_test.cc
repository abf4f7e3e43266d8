// SPDX-License-Identifier: Apache-2.0
// What comes under the keys of application data before the handshake is over: it is kept within
// bounds, and delivered when it may be.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dtls13/flight/held_datagrams.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

struct OvertakingCase {
  const char* name;
  bool asks_certificate = false;
  size_t connection_id_len = 0;
  size_t mtu = 1200;
};

PairOptions OptionsFor(const OvertakingCase& test) {
  PairOptions options = ForgeableOptions();
  options.client.mtu = test.mtu;
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->handshake.connection_ids.receive_len = test.connection_id_len;
  }
  if (test.asks_certificate) {
    options.server.handshake.server.client_authentication = ClientAuthentication::kRequired;
    options.client_identity = &TestIdentity::Get(KeyType::kEcdsaP256);
    options.client.handshake.credential = options.client_identity->credential();
  }
  return options;
}

// The client is done; the datagrams of its last flight are lost.
class OvertakingDataTest : public testing::TestWithParam<OvertakingCase> {
 protected:
  explicit OvertakingDataTest(PairOptions options = OptionsFor(GetParam())) : pair_(options) {
    pair_.link().SetFilter([](const SentDatagram& datagram) {
      return datagram.direction == Direction::kClientToServer && datagram.index > 0;
    });
    pair_.RunFor(milliseconds(25));
    pair_.link().SetFilter(nullptr);
    EXPECT_TRUE(pair_.client().connected);
    EXPECT_FALSE(pair_.server().connected);
  }

  // LastFlight is what was lost.
  std::vector<Bytes> LastFlight() const {
    std::vector<Bytes> datagrams;
    for (const SentDatagram& sent : pair_.link().log()) {
      if (sent.direction == Direction::kClientToServer && sent.index > 0) {
        datagrams.push_back(sent.bytes);
      }
    }
    return datagrams;
  }

  static Bytes Sealed(Side& side, std::string_view text) {
    Bytes record(2048);
    size_t len = 0;
    EXPECT_EQ(side.association->Seal(ToBytes(text), record, &len), SendResult::kSealed);
    record.resize(len);
    return record;
  }

  AssociationPair pair_;
};

//= rfc9147#section-5.8.1
//= type=test
//# Implementations MUST either discard or buffer all application data
//# records for epoch 3 and above until they have received the Finished
//# message from the peer.
TEST_P(OvertakingDataTest, ArrivesOnceTheFlightIsSentAgain) {
  EXPECT_TRUE(pair_.Send(pair_.client(), "first"));
  EXPECT_TRUE(pair_.Send(pair_.client(), "second"));
  pair_.RunFor(milliseconds(20));
  EXPECT_FALSE(pair_.server().connected);
  EXPECT_TRUE(pair_.server().received.empty());
  EXPECT_TRUE(pair_.RunUntilConnected());
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.server().received, (std::vector<Bytes>{ToBytes("first"), ToBytes("second")}));
  EXPECT_FALSE(pair_.server().got_data_too_early);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// The network only changed the order: nothing is sent again.
TEST_P(OvertakingDataTest, ArrivesWithTheFlightBehindIt) {
  const Bytes data = Sealed(pair_.client(), "first");
  pair_.Inject(pair_.server(), data);
  pair_.Inject(pair_.server(), data);  // and twice
  for (const Bytes& datagram : LastFlight()) pair_.Inject(pair_.server(), datagram);
  EXPECT_TRUE(pair_.RunUntilConnected());
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("first")});
  EXPECT_FALSE(pair_.server().got_data_too_early);
}

TEST_P(OvertakingDataTest, ArrivesOutOfTheFlightsOwnDatagram) {
  std::vector<Bytes> flight = LastFlight();
  const Bytes data = Sealed(pair_.client(), "first");
  flight.back().insert(flight.back().end(), data.begin(), data.end());
  for (const Bytes& datagram : flight) pair_.Inject(pair_.server(), datagram);
  EXPECT_TRUE(pair_.RunUntilConnected());
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("first")});
  EXPECT_FALSE(pair_.server().got_data_too_early);
}

TEST_P(OvertakingDataTest, ArrivesFromInFrontOfTheFlightInItsDatagram) {
  std::vector<Bytes> flight = LastFlight();
  Bytes data = Sealed(pair_.client(), "first");
  data.insert(data.end(), flight.front().begin(), flight.front().end());
  flight.front() = data;
  for (const Bytes& datagram : flight) pair_.Inject(pair_.server(), datagram);
  EXPECT_TRUE(pair_.RunUntilConnected());
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("first")});
}

TEST_P(OvertakingDataTest, IsFollowedByTheClosing) {
  pair_.Inject(pair_.server(), Sealed(pair_.client(), "last words"));
  pair_.client().association->Close();
  pair_.Flush(pair_.client());
  pair_.RunFor(milliseconds(20));
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_FALSE(pair_.server().peer_closed);
  for (const Bytes& datagram : LastFlight()) pair_.Inject(pair_.server(), datagram);
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.server().received, std::vector<Bytes>{ToBytes("last words")});
  EXPECT_TRUE(pair_.server().peer_closed);
}

TEST_P(OvertakingDataTest, IsBounded) {
  for (size_t i = 0; i < 5 * HeldDatagrams::kMaxDatagrams; ++i) {
    pair_.Inject(pair_.server(), Sealed(pair_.client(), std::to_string(i)));
  }
  for (const Bytes& datagram : LastFlight()) pair_.Inject(pair_.server(), datagram);
  EXPECT_TRUE(pair_.RunUntilConnected());
  ASSERT_EQ(pair_.server().received.size(), HeldDatagrams::kMaxDatagrams);
  EXPECT_EQ(pair_.server().received.back(),
            ToBytes(std::to_string(HeldDatagrams::kMaxDatagrams - 1)));
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// A forger can take the place of what overtakes, and nothing more.
TEST_P(OvertakingDataTest, ForgedRecordsDoNoLastingHarm) {
  Bytes forged = Sealed(pair_.client(), "never sent");
  for (size_t i = 0; i < 1000; ++i) {
    forged.back() = static_cast<uint8_t>(i);
    forged[forged.size() - 2] = static_cast<uint8_t>(i >> 8);
    pair_.Inject(pair_.server(), forged);
  }
  EXPECT_TRUE(pair_.RunUntilConnected());
  EXPECT_LE(pair_.server().received.size(), 1u);
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// Nothing reaches an application whose verdict on the client is no.
TEST_P(OvertakingDataTest, IsLostWithTheHandshake) {
  if (!GetParam().asks_certificate) GTEST_SKIP();
  PairOptions options = OptionsFor(GetParam());
  options.verify_client_ok = false;
  AssociationPair pair(options);
  pair.RunFor(milliseconds(25));
  ASSERT_TRUE(pair.client().connected);
  pair.Inject(pair.server(), Sealed(pair.client(), "first"));
  pair.RunFor(seconds(10));
  EXPECT_TRUE(pair.server().failure);
  EXPECT_TRUE(pair.server().received.empty());
}

const OvertakingCase kCases[] = {
    {.name = "Finished"},
    {.name = "ConnectionId", .connection_id_len = 5},
    {.name = "Certificate", .asks_certificate = true},
    {.name = "InPieces", .asks_certificate = true, .connection_id_len = 3, .mtu = 300},
};

INSTANTIATE_TEST_SUITE_P(, OvertakingDataTest, testing::ValuesIn(kCases),
                         [](const auto& info) { return info.param.name; });

// A server that takes its time to judge the client's certificate hears its data meanwhile.
TEST(AnswerPendingTest, TheServerKeepsWhatComesWhileItVerifies) {
  PairOptions options = OptionsFor({.name = "", .asks_certificate = true});
  options.max_answer_delay = seconds(3);
  for (uint64_t seed = 1; seed < 8; ++seed) {
    options.seed = seed;
    AssociationPair pair(options);
    while (!pair.client().connected && pair.now().time_since_epoch() < minutes(1)) {
      pair.RunFor(milliseconds(1));
    }
    std::vector<Bytes> sent;
    for (int i = 0; i < 5; ++i) {
      sent.push_back(ToBytes(std::to_string(i)));
      EXPECT_TRUE(pair.Send(pair.client(), std::to_string(i)));
    }
    EXPECT_TRUE(pair.RunUntilConnected());
    pair.RunFor(milliseconds(100));
    EXPECT_EQ(pair.server().received, sent) << seed;
    EXPECT_FALSE(pair.server().got_data_too_early);
  }
}

// A server may send data behind its Finished, which a client reads once it has sent its own.
//= rfc9147#section-4.2.1
//= type=test
//# Conversely, it is possible for records that are protected with the
//# new epoch to be received prior to the completion of a handshake.  For
//# instance, the server may send its Finished message and then start
//# transmitting data.
TEST(AnswerPendingTest, TheClientKeepsWhatComesWhileItVerifies) {
  PairOptions options = ForgeableOptions();
  options.max_answer_delay = seconds(3);
  AssociationPair pair(options);
  const auto has_finished = [&] {
    return std::any_of(
        pair.server().key_log.begin(), pair.server().key_log.end(),
        [](const std::string& line) { return line.starts_with("SERVER_TRAFFIC_SECRET_0 "); });
  };
  while (!has_finished()) {
    pair.RunFor(milliseconds(1));
    ASSERT_LT(pair.now().time_since_epoch(), minutes(1));
  }
  ASSERT_FALSE(pair.client().connected);
  Forge forge(pair, pair.server());
  pair.Inject(pair.client(), forge.Protected(kFirstApplicationEpoch, ContentType::kApplicationData,
                                             ToBytes("early")));
  EXPECT_TRUE(pair.client().received.empty());
  EXPECT_TRUE(pair.RunUntilConnected());
  EXPECT_EQ(pair.client().received, std::vector<Bytes>{ToBytes("early")});
  EXPECT_FALSE(pair.client().got_data_too_early);
}

}  // namespace
}  // namespace dtls13::sim
