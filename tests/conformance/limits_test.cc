// SPDX-License-Identifier: Apache-2.0
// Where keys, numbers and epochs end, and what happens before they do.

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/conformance/connected_pair.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

constexpr Epoch kFourth{4};

PairOptions Options(uint64_t max_records = UINT64_MAX, uint64_t max_failures = UINT64_MAX) {
  PairOptions options = ForgeableOptions();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->max_records_per_key = max_records;
    config->max_failures_per_key = max_failures;
  }
  return options;
}

class LimitsTest : public ConnectedPairTest {
 protected:
  using ConnectedPairTest::ConnectedPairTest;

  Epoch write_epoch(Side& side) { return side.association->facts().records.write_epoch(); }
  // ForgeRecords injects `num` records that do not authenticate under the client's present keys.
  void ForgeRecords(size_t num) {
    Bytes record = Sealed(pair_.client(), "forged");
    record.back() ^= 1;
    for (size_t i = 0; i < num; ++i) pair_.Inject(pair_.server(), record);
  }
};

class FewRecordsTest : public LimitsTest {
 protected:
  static constexpr uint64_t kMaxRecords = kMinRecordsPerKey;
  FewRecordsTest() : LimitsTest(Options(kMaxRecords)) {}

  // LastNumbers is how many records of each epoch arrived at `side`, but for the present one.
  static std::vector<uint64_t> LastNumbers(const Side& side) {
    std::map<Epoch, uint64_t> last;
    for (const RecordNumber& number : side.received_numbers) {
      last[number.epoch] = number.sequence_number.value;
    }
    std::vector<uint64_t> numbers;
    for (const auto& [epoch, number] : last) numbers.push_back(number);
    numbers.pop_back();
    return numbers;
  }
};

// F19
//= rfc9147#section-4.5.3
//= type=test
//# Implementations SHOULD initiate a key update before
//# reaching this limit.
//= rfc9147#section-4.5.3
//= type=test
//# Implementations SHOULD NOT protect more records than allowed by the
//# limit specified for the negotiated AEAD.
TEST_F(FewRecordsTest, F19KeysAreUpdatedBeforeTheirLimitAndNotInStep) {
  constexpr int kNumRecords = 40000;
  for (int i = 0; i < kNumRecords; ++i) {
    pair_.Inject(pair_.server(), Sealed(pair_.client(), "a"));
    pair_.Inject(pair_.client(), Sealed(pair_.server(), "b"));
    if (i % 16 == 0) pair_.RunFor(milliseconds(5));
  }
  pair_.RunFor(seconds(1));
  EXPECT_EQ(pair_.client().received.size(), size_t{kNumRecords});
  EXPECT_EQ(pair_.server().received.size(), size_t{kNumRecords});
  for (const Side* side : {&pair_.client(), &pair_.server()}) {
    ASSERT_GE(LastNumbers(*side).size(), 2u);
    for (const uint64_t last : LastNumbers(*side)) {
      EXPECT_LT(last, kMaxRecords);
      EXPECT_GE(last, kMaxRecords / 4 * 3 - 1);
    }
  }
  EXPECT_NE(LastNumbers(pair_.client()), LastNumbers(pair_.server()));
  EXPECT_FALSE(pair_.client().failure || pair_.server().failure);
}

// A peer that never acknowledges the KeyUpdate: sending ends before the keys do, and what is left
// of them serves the KeyUpdate and an alert.
TEST_F(FewRecordsTest, F19WithoutAnAckSendingEndsBeforeTheKeysDo) {
  pair_.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient;
  });
  size_t num_sent = 0;
  while (num_sent <= kMaxRecords && pair_.Send(pair_.client(), "a")) {
    if (++num_sent % 8 == 0) pair_.RunFor(milliseconds(1));
  }
  EXPECT_LT(num_sent, kMaxRecords);
  std::array<uint8_t, 100> record;
  size_t len = 0;
  EXPECT_EQ(pair_.client().association->Seal({}, record, &len), SendResult::kExhausted);
  pair_.link().SetFilter(nullptr);
  pair_.RunFor(minutes(2));
  EXPECT_EQ(write_epoch(pair_.client()), kFourth);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// Keys are not updated before the handshake is over, and what ends it needs numbers too.
TEST(BehindFinishedTest, F19DataOfAServerLeavesNumbersForWhatFollows) {
  PairOptions options = Options(kMinRecordsPerKey);
  options.max_answer_delay = seconds(3);
  AssociationPair pair(options);
  size_t num_sealed = 0;
  while (!pair.client().connected && !pair.server().failure) {
    pair.RunFor(milliseconds(1));
    ASSERT_LT(pair.now().time_since_epoch(), minutes(1));
    Bytes out(64);
    size_t len = 0;
    while (pair.server().association->SealEarly(ToBytes("lost"), out, &len) ==
           SendResult::kSealed) {
      ++num_sealed;
    }
  }
  EXPECT_GT(num_sealed, kMinRecordsPerKey / 2);
  EXPECT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  EXPECT_EQ(pair.server().association->facts().records.write_epoch(), kFourth);
  EXPECT_TRUE(pair.DataFlowsBothWays());
}

// A caller that only seals is told by the deadline that something is owed.
TEST_F(FewRecordsTest, F19SealingAloneBringsTheDeadlineOfTheKeyUpdate) {
  Association& client = *pair_.client().association;
  EXPECT_EQ(client.NextTimeout(), std::nullopt);
  for (uint64_t i = 0; i < kMaxRecords / 8 * 7; ++i) Sealed(pair_.client(), "lost");
  ASSERT_TRUE(client.NextTimeout().has_value());
  EXPECT_LE(*client.NextTimeout(), pair_.now());
  pair_.RunFor(seconds(1));
  EXPECT_EQ(write_epoch(pair_.client()), kFourth);
  EXPECT_EQ(client.NextTimeout(), std::nullopt);
}

class FewFailuresTest : public LimitsTest {
 protected:
  static constexpr uint64_t kMaxFailures = kMinFailuresPerKey;
  FewFailuresTest() : LimitsTest(Options(UINT64_MAX, kMaxFailures)) {}
};

// F19
//= rfc9147#section-4.5.3
//= type=test
//# Once a key update has been initiated, the previous keys can be dropped
//# when the limit is reached rather than closing the connection.
//= rfc9147#section-4.5.3
//= type=test
//# Implementations SHOULD initiate a key update with update_requested
//# before reaching this limit.
TEST_F(FewFailuresTest, F19ThePeerIsAskedToUpdateBeforeTheLimitOfItsKeys) {
  ForgeRecords(kMaxFailures / 8 * 7 - 1);
  pair_.RunFor(seconds(1));
  EXPECT_EQ(write_epoch(pair_.client()), kFirstApplicationEpoch);
  const Bytes old = Sealed(pair_.client(), "of the old keys");
  ForgeRecords(1);
  pair_.RunFor(seconds(1));
  EXPECT_EQ(write_epoch(pair_.server()), kFourth);
  EXPECT_EQ(write_epoch(pair_.client()), kFourth);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  // It was asked once, although the old keys are still near their limit.
  EXPECT_EQ(write_epoch(pair_.server()), kFourth);
  // The old keys reach their limit and go; the association stays.
  Bytes forged = old;
  forged.back() ^= 1;
  for (uint64_t i = 0; i < kMaxFailures; ++i) pair_.Inject(pair_.server(), forged);
  EXPECT_FALSE(pair_.server().association->facts().records.CanRead(kFirstApplicationEpoch));
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

// F19
//= rfc9147#section-4.5.3
//= type=test
//# Implementations MUST count the number of received packets that fail
//# authentication with each key.
//= rfc9147#section-4.5.3
//= type=test
//# If the number of packets that fail authentication exceeds a limit that
//# is specific to the AEAD in use, an implementation SHOULD immediately
//# close the connection.
TEST_F(FewFailuresTest, F19AtTheLimitTheAssociationEnds) {
  pair_.link().SetFilter([](const SentDatagram&) { return true; });
  ForgeRecords(kMaxFailures - 1);
  EXPECT_FALSE(pair_.server().failure);
  ForgeRecords(1);
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->reason(), Reason::kIntegrityLimit);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kBadRecordMac);
}

// F2
TEST_F(LimitsTest, F2ALostAckOfKeyUpdateIsSaidAgainAndTheKeysChangeOnce) {
  for (const bool by_client : {true, false}) {
    Side& side = by_client ? pair_.client() : pair_.server();
    Side& peer = by_client ? pair_.server() : pair_.client();
    const Direction acks = by_client ? Direction::kServerToClient : Direction::kClientToServer;
    const size_t first = pair_.link().num_sent(acks);
    pair_.link().SetFilter([acks, first](const SentDatagram& datagram) {
      return datagram.direction == acks && datagram.index < first + 2;
    });
    pair_.UpdateKeys(side, /*request_peer=*/false);
    pair_.RunFor(milliseconds(50));
    EXPECT_EQ(write_epoch(side), kFirstApplicationEpoch) << "without the ACK";
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(pair_.Send(side, "under the old keys"));
      pair_.RunFor(milliseconds(10));
    }
    EXPECT_GE(peer.received.size(), 20u) << "whoever has new keys still reads the old";
    pair_.RunFor(seconds(20));
    EXPECT_EQ(write_epoch(side), kFourth);
    EXPECT_FALSE(side.association->facts().has_unacked);
    EXPECT_TRUE(pair_.DataFlowsBothWays());
  }
}

TEST_F(LimitsTest, KeyUpdatesThatCrossMoveEachDirectionOnce) {
  pair_.client().association->RequestKeyUpdate(/*request_peer=*/true, pair_.now());
  pair_.server().association->RequestKeyUpdate(/*request_peer=*/true, pair_.now());
  pair_.Flush(pair_.client());
  pair_.Flush(pair_.server());
  pair_.RunFor(seconds(5));
  // Each was outstanding when the other's request came, and answers it as well.
  EXPECT_EQ(write_epoch(pair_.client()), write_epoch(pair_.server()));
  EXPECT_GE(write_epoch(pair_.client()), kFourth);
  EXPECT_LE(write_epoch(pair_.client()), Epoch{5});
  EXPECT_FALSE(pair_.client().association->facts().has_unacked ||
               pair_.server().association->facts().has_unacked);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
}

//= rfc9147#section-4.2.1
//= type=test
//# Implementations SHOULD discard records from earlier epochs but MAY
//# choose to retain keying material from previous epochs for up to the
//# default MSL specified for TCP [RFC0793] to allow for packet reordering.
TEST_F(LimitsTest, SupersededReadKeysGoInTimeThoughNothingArrives) {
  pair_.RunFor(minutes(10));
  const Bytes late = Sealed(pair_.client(), "late"), later = Sealed(pair_.client(), "too late");
  pair_.UpdateKeys(pair_.client(), false);
  pair_.RunFor(seconds(1));
  ASSERT_TRUE(pair_.Send(pair_.client(), "new"));
  pair_.RunFor(seconds(1));
  const RecordFacts records = pair_.server().association->facts().records;
  EXPECT_TRUE(records.CanRead(kFirstApplicationEpoch));
  pair_.Inject(pair_.server(), late);
  EXPECT_EQ(pair_.server().received.back(), ToBytes("late"));
  pair_.RunFor(minutes(2));
  EXPECT_FALSE(records.CanRead(kFirstApplicationEpoch));
  EXPECT_TRUE(records.CanRead(kFourth));
  EXPECT_EQ(pair_.server().association->NextTimeout(), std::nullopt);
  pair_.Inject(pair_.server(), later);
  EXPECT_EQ(pair_.server().received.back(), ToBytes("late"));
}

// F42
//= rfc8446#section-5.1
//= type=test
//# Implementations MUST verify that all messages immediately preceding a
//# key change align with a record boundary; if not, then they MUST
//# terminate the connection with an "unexpected_message" alert.
TEST_F(LimitsTest, F42AMessageOfTheEpochThatItsKeyUpdateEndedIsUnexpected) {
  Forge forge(pair_, pair_.client());
  for (uint16_t seq : {2, 3}) {
    EXPECT_FALSE(pair_.server().failure);
    pair_.Inject(pair_.server(),
                 forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake,
                                 WholeMessage(HandshakeType::kKeyUpdate, seq, Bytes{0})));
  }
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kUnexpectedMessage);
}

// F39: a second hello, once by whoever can write plaintext and once by the peer itself.
TEST_F(LimitsTest, F39AClientHelloAfterTheHandshakeIsDroppedOrUnexpected) {
  const Bytes hello = WholeMessage(HandshakeType::kClientHello, 2, Bytes(60));
  pair_.Inject(pair_.server(), Forge::Plaintext(ContentType::kHandshake, 0, 100, hello));
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_TRUE(pair_.DataFlowsBothWays());
  Forge forge(pair_, pair_.client());
  pair_.Inject(pair_.server(),
               forge.Protected(kFirstApplicationEpoch, ContentType::kHandshake, hello));
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kUnexpectedMessage);
}

class NumberFormTest : public testing::TestWithParam<bool> {};

// F14: past where 8 and 16 bits begin again, both ways, with some records lost on the way.
TEST_P(NumberFormTest, F14NumbersPassEveryTruncation) {
  PairOptions options = Options();
  options.client.short_numbers = options.server.short_numbers = GetParam();
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  std::array<uint8_t, 64> buffer;
  const Bytes text = {7};
  for (uint64_t i = 0; i < 66000; ++i) {
    for (Side* from : {&pair.client(), &pair.server()}) {
      size_t len = 0;
      ASSERT_EQ(from->association->Seal(text, buffer, &len), SendResult::kSealed);
      if (i % 100 < 20) continue;  // lost
      Association& to = *(from == &pair.client() ? pair.server() : pair.client()).association;
      to.HandleDatagram(std::span(buffer).first(len), pair.now());
      const std::optional<Event> event = to.PollEvent();
      ASSERT_TRUE(event.has_value()) << i;
      ASSERT_EQ(event->type, EventType::kApplicationData);
      ASSERT_FALSE(to.PollEvent().has_value());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, NumberFormTest, testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Bits8" : "Bits16"; });

// F44: buffers of every size, each of its own allocation, so that a byte too many is found.
TEST(BufferSizesTest, F44NoBufferIsWrittenPastItsEnd) {
  AssociationPair pair(Options());
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  Association& client = *pair.client().association;
  for (size_t content_len : {0, 1, 100}) {
    const Bytes content(content_len, 'x');
    const size_t needed = content_len + client.SealOverhead();
    for (size_t size = 0; size <= needed + 2; ++size) {
      Bytes out(size);
      size_t len = 0;
      const SendResult result = client.Seal(content, out, &len);
      EXPECT_EQ(result, size < needed ? SendResult::kTooLarge : SendResult::kSealed) << size;
      EXPECT_EQ(len, size < needed ? 0 : needed);
    }
  }
  Bytes out(20000);
  size_t len = 0;
  EXPECT_EQ(client.Seal(Bytes(kMaxPlaintextLen), out, &len), SendResult::kSealed);
  EXPECT_EQ(client.Seal(Bytes(kMaxPlaintextLen + 1), out, &len), SendResult::kTooLarge);
  for (const bool close : {false, true}) {
    // A KeyUpdate, and then a close_notify.
    for (size_t size = 0; size < 80; ++size) {
      if (close) {
        client.Close();
      } else {
        client.RequestKeyUpdate(false, pair.now());
      }
      Bytes datagram(size);
      EXPECT_LE(client.PollTransmit(datagram, pair.now()), size);
    }
  }
}

// A peer that renews its keys without end, to keep us deriving keys.
class KeyUpdateFloodTest : public LimitsTest {
 protected:
  KeyUpdateFloodTest() : LimitsTest(Options()), forge_(pair_, pair_.client()) {}

  // Update appends a KeyUpdate, and is ready for the next.
  void Update(Bytes* datagram) {
    Bytes content(kHandshakeHeaderLen + 1);
    WriteHandshakeHeader({.type = HandshakeType::kKeyUpdate,
                          .message_len = 1,
                          .message_seq = message_seq_++,
                          .fragment_len = 1},
                         content);
    const Bytes record = forge_.Protected(epoch_, ContentType::kHandshake, content);
    datagram->insert(datagram->end(), record.begin(), record.end());
    epoch_ = forge_.UpdateKeys();
  }
  void UpdateTimes(int times) {
    Bytes datagram;
    for (int i = 0; i < times; ++i) Update(&datagram);
    pair_.Inject(pair_.server(), datagram);
  }
  Epoch read_epoch() { return pair_.server().association->facts().records.newest_read_epoch(); }

  Forge forge_;
  Epoch epoch_ = kFirstApplicationEpoch;
  uint16_t message_seq_ = 2;
};

TEST_F(KeyUpdateFloodTest, EndsTheAssociation) {
  UpdateTimes(32);
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_EQ(read_epoch(), Epoch{35});
  UpdateTimes(200);
  ASSERT_TRUE(pair_.server().failure);
  EXPECT_EQ(pair_.server().failure->reason(), Reason::kTooManyKeyUpdates);
  EXPECT_EQ(pair_.server().failure->alert(), AlertDescription::kUnexpectedMessage);
}

TEST_F(KeyUpdateFloodTest, IsNoneWithDataInBetween) {
  for (int i = 0; i < 10; ++i) {
    UpdateTimes(20);
    pair_.Inject(pair_.server(),
                 forge_.Protected(epoch_, ContentType::kApplicationData, Bytes{'x'}));
  }
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_EQ(pair_.server().received.size(), 10u);
}

TEST_F(KeyUpdateFloodTest, AnEmptyRecordIsNoData) {
  for (int i = 0; i < 10; ++i) {
    UpdateTimes(20);
    if (pair_.server().failure) break;
    pair_.Inject(pair_.server(), forge_.Protected(epoch_, ContentType::kApplicationData, {}));
  }
  EXPECT_TRUE(pair_.server().failure);
}

// A peer that only listens renews its keys as well.
TEST_F(KeyUpdateFloodTest, IsNoneAtLeisure) {
  // The client itself would wonder at what is acknowledged.
  pair_.link().SetFilter([](const SentDatagram&) { return true; });
  for (int i = 0; i < 100; ++i) {
    UpdateTimes(1);
    pair_.RunFor(seconds(3));
  }
  EXPECT_FALSE(pair_.server().failure);
  EXPECT_EQ(read_epoch(), Epoch{103});
}

// F44: a handshake through buffers that change their size with each call.
TEST(BufferSizesTest, F44AHandshakeCompletesThroughBuffersOfChangingSize) {
  for (size_t step : {1, 7, 31}) {
    AssociationPair pair(Options());
    size_t size = 0;
    for (int round = 0; round < 400 && !pair.server().connected; ++round) {
      for (Side* side : {&pair.client(), &pair.server()}) {
        for (int i = 0; i < 100; ++i) {
          size = (size + step) % 400;
          Bytes datagram(size);
          datagram.resize(side->association->PollTransmit(datagram, pair.now()));
          if (datagram.empty()) continue;
          pair.link().Send(
              side == &pair.client() ? Direction::kClientToServer : Direction::kServerToClient,
              datagram, pair.now());
        }
      }
      pair.RunFor(milliseconds(20));
    }
    EXPECT_TRUE(pair.server().connected && pair.client().connected) << step;
    EXPECT_TRUE(pair.DataFlowsBothWays());
  }
}

}  // namespace
}  // namespace dtls13::sim
