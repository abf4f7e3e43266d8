// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/key_lifetime.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/record/record_test_util.h"

namespace dtls13 {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Update = KeyLifetime::Update;

constexpr Duration kLifetime = minutes(4);
constexpr Instant kStart{seconds(1000)};
constexpr Epoch kUpdatedEpoch = kFirstApplicationEpoch.Next();

// Fail gives `pair`'s receiver `num` records of `epoch` that do not open.
void Fail(RecordPair* pair, Epoch epoch, size_t num) {
  for (size_t i = 0; i < num; ++i) {
    Bytes record = SealBytes(&pair->sender, epoch, ContentType::kApplicationData, ToBytes("data"));
    record.back() ^= 1;
    EXPECT_TRUE(OpenAll(&pair->receiver, record).empty());
  }
}

std::vector<Epoch> TakeSpent(KeyLifetime* keys, Epoch newest, std::optional<Epoch> unacked) {
  std::vector<Epoch> spent;
  while (const auto epoch = keys->TakeSpentWriteEpoch(newest, unacked)) spent.push_back(*epoch);
  return spent;
}

// --- Read keys

TEST(KeyLifetime, TheHandshakesReadKeysStayForTheirLifetimeAfterTheFirstData) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  KeyLifetime keys(kLifetime);
  keys.OnServerCompleted(kStart);
  EXPECT_EQ(keys.forget_at(), kStart + kLifetime);

  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  const Instant heard = kStart + seconds(5);
  keys.OnHeard(pair.receiver, heard);
  EXPECT_EQ(keys.forget_at(), heard + kLifetime);
  // More of the same epoch moves nothing.
  keys.OnHeard(pair.receiver, heard + seconds(5));
  EXPECT_EQ(keys.forget_at(), heard + kLifetime);

  const Epoch current = pair.receiver.current_read_epoch();
  EXPECT_FALSE(keys.TakeSpentReadEpochs(current, heard + kLifetime - Duration(1)));
  EXPECT_EQ(keys.TakeSpentReadEpochs(current, heard + kLifetime), kFirstApplicationEpoch);
  EXPECT_FALSE(keys.forget_at());
  EXPECT_FALSE(keys.TakeSpentReadEpochs(current, heard + 2 * kLifetime));
}

TEST(KeyLifetime, AServersHandshakeKeysGoEvenIfTheClientIsSilent) {
  KeyLifetime keys(kLifetime);
  keys.OnServerCompleted(kStart);
  EXPECT_EQ(keys.TakeSpentReadEpochs(kHandshakeEpoch, kStart + kLifetime), kFirstApplicationEpoch);
}

TEST(KeyLifetime, ReadKeysThatAKeyUpdateSupersedesStayForHalfOfIt) {
  RecordPair pair;
  pair.Install(kFirstApplicationEpoch);
  pair.Install(kUpdatedEpoch);
  KeyLifetime keys(kLifetime);
  keys.OnServerCompleted(kStart);
  keys.OnReadKeysInstalled(kUpdatedEpoch);
  EXPECT_EQ(keys.newest_read_epoch(), kUpdatedEpoch);
  ASSERT_TRUE(pair.Send(kUpdatedEpoch));
  keys.OnHeard(pair.receiver, kStart);
  EXPECT_EQ(keys.forget_at(), kStart + kLifetime / 2);
  EXPECT_EQ(keys.TakeSpentReadEpochs(kUpdatedEpoch, kStart + kLifetime / 2), kUpdatedEpoch);
}

TEST(KeyLifetime, NothingIsForgottenWhereNothingIsOlder) {
  RecordPair pair;
  pair.Install(kFirstApplicationEpoch);
  KeyLifetime keys(kLifetime);
  ASSERT_TRUE(TakeSpent(&keys, kFirstApplicationEpoch, std::nullopt).size() == 2);
  ASSERT_TRUE(keys.OnClientAcked(&pair.sender));
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  keys.OnHeard(pair.receiver, kStart);
  EXPECT_FALSE(keys.forget_at());
}

TEST(KeyLifetime, APeerThatRepeatsItsHandshakeKeepsItsKeysAlive) {
  KeyLifetime keys(kLifetime);
  keys.OnHandshakeRepeated(kStart);
  EXPECT_FALSE(keys.forget_at());
  keys.OnServerCompleted(kStart);
  keys.OnHandshakeRepeated(kStart + minutes(3));
  EXPECT_EQ(keys.forget_at(), kStart + minutes(3) + kLifetime);
}

TEST(KeyLifetime, AClientKeepsTheHandshakesReadKeysUntilItsFinishedIsAcknowledged) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  KeyLifetime keys(kLifetime);
  keys.OnHeard(pair.receiver, kStart);
  EXPECT_FALSE(keys.forget_at());

  EXPECT_EQ(TakeSpent(&keys, kFirstApplicationEpoch, kHandshakeEpoch),
            std::vector<Epoch>{kEarlyDataEpoch});
  EXPECT_FALSE(keys.OnClientAcked(&pair.sender));
  EXPECT_FALSE(keys.handshake_acked());
  EXPECT_EQ(TakeSpent(&keys, kFirstApplicationEpoch, std::nullopt),
            std::vector<Epoch>{kHandshakeEpoch});
  EXPECT_TRUE(keys.OnClientAcked(&pair.sender));
  EXPECT_TRUE(keys.handshake_acked());
  EXPECT_FALSE(keys.OnClientAcked(&pair.sender));
  keys.OnHeard(pair.receiver, kStart);
  EXPECT_EQ(keys.forget_at(), kStart + kLifetime);
}

// --- Write keys

TEST(KeyLifetime, AWriteEpochLivesAsLongAsAMessageOfItIsUnacknowledged) {
  KeyLifetime keys(kLifetime);
  const Epoch newest{5};
  EXPECT_EQ(TakeSpent(&keys, newest, kFirstApplicationEpoch),
            (std::vector<Epoch>{kEarlyDataEpoch, kHandshakeEpoch}));
  EXPECT_EQ(TakeSpent(&keys, newest, kUpdatedEpoch), std::vector<Epoch>{kFirstApplicationEpoch});
  EXPECT_TRUE(TakeSpent(&keys, newest, kUpdatedEpoch).empty());
  EXPECT_EQ(TakeSpent(&keys, newest, std::nullopt), std::vector<Epoch>{kUpdatedEpoch});
  EXPECT_TRUE(TakeSpent(&keys, newest, std::nullopt).empty());
}

// --- Updates

//= rfc8446#section-5.5
//= type=test
//# Implementations SHOULD do a key update as described in Section 4.6.3
//# prior to reaching these limits.
TEST(KeyLifetime, AKeyUpdateIsDueBeforeTheConfidentialityLimit) {
  RecordPair pair;
  pair.sender.LimitKeys(/*max_records=*/160, /*max_failures=*/UINT64_MAX);
  pair.Install(kFirstApplicationEpoch);
  KeyLifetime keys(kLifetime);
  for (int i = 0; i < 139; ++i) ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kNone);
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kOurs);
  // It stays due until there are new keys: whoever starts it knows that one is under way.
  keys.OnUpdateStarted(Update::kOurs);
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kOurs);
  pair.Install(kUpdatedEpoch);
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kNone);
}

TEST(KeyLifetime, JitterBringsAKeyUpdateForward) {
  RecordPair pair;
  pair.sender.LimitKeys(/*max_records=*/160, /*max_failures=*/UINT64_MAX);
  pair.Install(kFirstApplicationEpoch);
  KeyLifetime keys(kLifetime);
  for (int i = 0; i < 130; ++i) ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kNone);
  keys.OnWriteKeysInstalled(/*jitter=*/255);
  EXPECT_EQ(keys.DueUpdate(pair.sender), Update::kOurs);
}

TEST(KeyLifetime, ThePeerIsAskedOnceForEachOfItsKeysBeforeTheIntegrityLimit) {
  RecordPair pair;
  pair.receiver.LimitKeys(/*max_records=*/UINT64_MAX, /*max_failures=*/80);
  pair.Install(kFirstApplicationEpoch);
  KeyLifetime keys(kLifetime);
  keys.OnReadKeysInstalled(kFirstApplicationEpoch);
  Fail(&pair, kFirstApplicationEpoch, 69);
  EXPECT_EQ(keys.DueUpdate(pair.receiver), Update::kNone);
  Fail(&pair, kFirstApplicationEpoch, 1);
  EXPECT_EQ(keys.DueUpdate(pair.receiver), Update::kOursAndPeers);
  keys.OnUpdateStarted(Update::kOursAndPeers);
  EXPECT_EQ(keys.DueUpdate(pair.receiver), Update::kNone);

  pair.Install(kUpdatedEpoch);
  keys.OnReadKeysInstalled(kUpdatedEpoch);
  EXPECT_EQ(keys.DueUpdate(pair.receiver), Update::kNone);
  Fail(&pair, kUpdatedEpoch, 70);
  EXPECT_EQ(keys.DueUpdate(pair.receiver), Update::kOursAndPeers);
}

TEST(KeyLifetime, ThePeerMayRenewItsKeysSoOftenBetweenItsData) {
  KeyLifetime keys(kLifetime);
  for (int i = 0; i < KeyLifetime::kMaxPeerUpdates; ++i) EXPECT_TRUE(keys.OnPeerUpdate(kStart));
  keys.OnPeerData();
  for (int i = 0; i < KeyLifetime::kMaxPeerUpdates; ++i) {
    EXPECT_TRUE(keys.OnPeerUpdate(kStart + seconds(i)));
  }
  EXPECT_FALSE(keys.OnPeerUpdate(kStart + KeyLifetime::kPeerUpdatesWindow - Duration(1)));
}

TEST(KeyLifetime, APeerWithoutDataMayRenewItsKeysForEver) {
  KeyLifetime keys(kLifetime);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(keys.OnPeerUpdate(kStart + seconds(2 * i)));
}

TEST(KeyLifetime, NoKeyUpdateIsDueInTheLastEpoch) {
  RecordPair pair;
  pair.sender.LimitKeys(/*max_records=*/16, /*max_failures=*/UINT64_MAX);
  pair.Install(kMaxWriteEpoch);
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(pair.Send(kMaxWriteEpoch));
  ASSERT_TRUE(pair.sender.NearConfidentialityLimit(kMaxWriteEpoch, 0));
  EXPECT_EQ(KeyLifetime(kLifetime).DueUpdate(pair.sender), Update::kNone);
}

// --- Another process

TEST(KeyLifetime, ItsStateGoesToAnotherProcess) {
  KeyLifetime before(kLifetime);
  before.OnServerCompleted(kStart);
  before.OnReadKeysInstalled(kUpdatedEpoch);
  before.OnUpdateStarted(Update::kOursAndPeers);
  std::vector<uint8_t> state;
  ByteWriter writer(&state);
  before.WriteState(&writer, kStart + minutes(1));

  const Instant then{seconds(7)};  // of another clock
  KeyLifetime after(kLifetime);
  ByteReader reader(state);
  ASSERT_TRUE(after.ReadState(&reader, before.handshake_acked(), then));
  EXPECT_TRUE(reader.empty());
  EXPECT_TRUE(after.handshake_acked());
  EXPECT_EQ(after.forget_at(), then + minutes(3));

  RecordPair pair;
  pair.receiver.LimitKeys(/*max_records=*/UINT64_MAX, /*max_failures=*/80);
  pair.Install(kUpdatedEpoch);
  Fail(&pair, kUpdatedEpoch, 70);
  ASSERT_TRUE(after.OnImported(pair.receiver, /*jitter=*/0));
  EXPECT_EQ(after.newest_read_epoch(), kUpdatedEpoch);
  EXPECT_EQ(after.DueUpdate(pair.receiver), Update::kNone);  // it has been asked
}

TEST(KeyLifetime, AnImportersFirstEpochHasNoShortNumbers) {
  RecordPair pair;
  pair.Install(kFirstApplicationEpoch);
  ASSERT_TRUE(pair.sender.InstallReadKeys(kFirstApplicationEpoch, pair.suite,
                                          TestSecret(pair.suite, kUpdatedEpoch)));
  KeyLifetime keys(kLifetime);
  EXPECT_FALSE(keys.AllowsShortNumbers(kFirstApplicationEpoch));
  keys.OnServerCompleted(kStart);
  EXPECT_TRUE(keys.AllowsShortNumbers(kFirstApplicationEpoch));
  ASSERT_TRUE(keys.OnImported(pair.sender, /*jitter=*/0));
  EXPECT_FALSE(keys.AllowsShortNumbers(kFirstApplicationEpoch));
  EXPECT_TRUE(keys.AllowsShortNumbers(kUpdatedEpoch));
}

TEST(KeyLifetime, AStateWithoutApplicationKeysIsNone) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  EXPECT_FALSE(KeyLifetime(kLifetime).OnImported(pair.receiver, 0));
  std::vector<uint8_t> cut(23);
  ByteReader reader(cut);
  EXPECT_FALSE(KeyLifetime(kLifetime).ReadState(&reader, true, kStart));
}

TEST(KeyLifetime, AnImportedDeadlineIsBounded) {
  std::vector<uint8_t> state(16);
  state.insert(state.end(), {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  ByteReader reader(state);
  KeyLifetime keys(kLifetime);
  ASSERT_TRUE(keys.ReadState(&reader, true, kStart));
  EXPECT_EQ(keys.forget_at(), kStart + kLifetime);
}

}  // namespace
}  // namespace dtls13
