// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr Epoch kKeyUpdateEpoch{4};

Bytes Data(RecordPair* pair, Epoch epoch) {
  return SealBytes(&pair->sender, epoch, ContentType::kApplicationData, ToBytes("data"));
}

//= rfc9147#section-4.2
//= type=test
//# Sequence numbers are maintained separately for each epoch, with each
//# sequence_number initially being 0 for each epoch.
//= rfc8446#section-5.3
//= type=test
//# Each sequence number is set to zero at the beginning of a connection
//# and whenever the key is changed; the first record transmitted under a
//# particular traffic key MUST use sequence number 0.
TEST(RecordEpochs, NumbersAndWindowsArePerEpoch) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  for (const Epoch epoch : {kPlaintextEpoch, kHandshakeEpoch, kFirstApplicationEpoch}) {
    for (uint64_t number = 0; number < 3; ++number) {
      const Bytes record = SealBytes(&pair.sender, epoch, ContentType::kHandshake, ToBytes("x"));
      EXPECT_EQ(
          OpenAll(&pair.receiver, record),
          (std::vector<Accepted>{{{epoch, {number}}, ContentType::kHandshake, ToBytes("x")}}));
      if (epoch == kPlaintextEpoch) pair.receiver.AcceptPlaintext({number});
      EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
    }
  }
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 9u);
}

TEST(RecordEpochs, DuringTheHandshake0And2And3AreReadable) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  EXPECT_TRUE(pair.receiver.CanRead(kPlaintextEpoch));
  EXPECT_TRUE(pair.receiver.CanRead(kHandshakeEpoch));
  EXPECT_TRUE(pair.receiver.CanRead(kFirstApplicationEpoch));
  EXPECT_FALSE(pair.receiver.CanRead(kEarlyDataEpoch));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pair.Send(kFirstApplicationEpoch));
    EXPECT_TRUE(pair.Send(kHandshakeEpoch));
    const Bytes hello =
        SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, ToBytes("hello"));
    EXPECT_EQ(OpenAll(&pair.receiver, hello).size(), 1u);
  }
}

// What is awaited comes sealed, in its place among the others, and can be opened from a copy later.
TEST(RecordEpochs, AnAwaitedRecordComesSealed) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  const Secret secret = TestSecret(pair.suite, kFirstApplicationEpoch);
  ASSERT_TRUE(pair.sender.InstallWriteKeys(kFirstApplicationEpoch, pair.suite, secret));
  const Bytes early = Data(&pair, kFirstApplicationEpoch);
  Bytes forged = early;
  forged[0] ^= 2;  // epoch 1, for which nobody waits
  Bytes datagram = Concatenate(
      {Data(&pair, kHandshakeEpoch), forged, early, Data(&pair, kHandshakeEpoch), early});
  std::span<uint8_t> rest(datagram);
  const auto next = [&] { return pair.receiver.OpenNext(&rest, kFirstApplicationEpoch); };
  auto record = next();
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->is_sealed);
  record = next();
  ASSERT_TRUE(record);
  EXPECT_TRUE(record->is_sealed);
  EXPECT_EQ(record->number.epoch, kFirstApplicationEpoch);
  EXPECT_EQ(Bytes(record->content.begin(), record->content.end()), early);
  record = next();
  ASSERT_TRUE(record);
  EXPECT_FALSE(record->is_sealed);
  EXPECT_TRUE(next()->is_sealed);
  EXPECT_FALSE(next());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownEpoch), 1u);
  EXPECT_EQ(NumDropped(pair.receiver), 1u);

  ASSERT_TRUE(pair.receiver.InstallReadKeys(kFirstApplicationEpoch, pair.suite, secret));
  EXPECT_EQ(OpenAll(&pair.receiver, early).size(), 1u);
  EXPECT_TRUE(OpenAll(&pair.receiver, early).empty());
}

//= rfc9147#section-6.1
//= type=test
//# Implementations that receive a record with an epoch value for which
//# no corresponding cipher state can be determined SHOULD handle it as a
//# record which fails deprotection.
//= rfc8446#section-4.6.3
//= type=test
//# Additionally, both sides MUST enforce that a KeyUpdate with the old
//# key is received before accepting any messages encrypted with the new
//# key.
TEST(RecordEpochs, RecordsBeforeTheirKeysAreDropped) {
  RecordPair pair;
  const Secret secret = TestSecret(pair.suite, kHandshakeEpoch);
  ASSERT_TRUE(pair.sender.InstallWriteKeys(kHandshakeEpoch, pair.suite, secret));
  const Bytes early =
      SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kHandshake, ToBytes("early"));
  EXPECT_TRUE(OpenAll(&pair.receiver, early).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownEpoch), 1u);
  ASSERT_TRUE(pair.receiver.InstallReadKeys(kHandshakeEpoch, pair.suite, secret));
  EXPECT_EQ(OpenAll(&pair.receiver, early).size(), 1u);
}

// F16: a record is given up with the epoch that opened it, so that a Finished under epoch 3 or data
// under epoch 2 can be refused by who knows what belongs where.
TEST(RecordEpochs, F16EpochIsTheOneThatProtected) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  const auto finished =
      OpenAll(&pair.receiver, SealBytes(&pair.sender, kFirstApplicationEpoch,
                                        ContentType::kHandshake, ToBytes("finished")));
  ASSERT_EQ(finished.size(), 1u);
  EXPECT_EQ(finished[0].number.epoch, kFirstApplicationEpoch);
  const auto data = OpenAll(&pair.receiver, Data(&pair, kHandshakeEpoch));
  ASSERT_EQ(data.size(), 1u);
  EXPECT_EQ(data[0].number.epoch, kHandshakeEpoch);
}

// F16: the epoch bits are authenticated, so one epoch's record does not pass for another's.
TEST(RecordEpochs, F16ChangedEpochBitsDoNotOpen) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  Bytes record = Data(&pair, kFirstApplicationEpoch);
  record[0] ^= 0x01;
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 1u);
}

// F20: once the caller closed epoch 0, late records of it are dropped, counted and hold nothing.
TEST(RecordEpochs, F20LatePlaintextAfterCompletion) {
  RecordPair pair;
  pair.Install(kFirstApplicationEpoch);
  const Bytes late =
      SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, ToBytes("server hello"));
  const Bytes ccs = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1, 1};
  pair.receiver.ForgetReadEpoch(kPlaintextEpoch);
  EXPECT_FALSE(pair.receiver.CanRead(kPlaintextEpoch));
  const Bytes datagram = Concatenate({late, ccs, Data(&pair, kFirstApplicationEpoch), late});
  for (int i = 0; i < 100; ++i) OpenAll(&pair.receiver, datagram);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnexpectedPlaintext), 200u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownFirstByte), 100u);
  // The record between them was found, the first time.
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 99u);
}

//= rfc9147#section-8
//= type=test
//# They SHOULD attempt to process those records with that epoch (see
//# Section 4.2.2 for information on determining the correct epoch) but MAY
//# opt to discard such out-of-epoch records.
//= rfc9147#section-4.2.2
//= type=test
//# After the handshake is complete, if the epoch bits do not match those
//# from the current epoch, implementations SHOULD use the most recent past
//# epoch which has matching bits, and then reconstruct the sequence number
//# for that epoch as described above.
TEST(RecordEpochs, ReorderedRecordsOfThePreviousEpochOpen) {
  RecordPair pair;
  pair.Install(kFirstApplicationEpoch);
  pair.Install(kKeyUpdateEpoch);
  const Bytes late = Data(&pair, kFirstApplicationEpoch);
  EXPECT_TRUE(pair.Send(kFirstApplicationEpoch));
  EXPECT_TRUE(pair.Send(kKeyUpdateEpoch));
  const auto accepted = OpenAll(&pair.receiver, late);
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted[0].number, (RecordNumber{kFirstApplicationEpoch, {0}}));
}

//= rfc9147#section-8
//= type=test
//# Due to the possibility of an ACK message for a KeyUpdate being lost and
//# thereby preventing the sender of the KeyUpdate from updating its keying
//# material, receivers MUST retain the pre-update keying material until
//# receipt and successful decryption of a message using the new keys.
TEST(RecordEpochs, InstallingDoesNotEndTheCurrentEpoch) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  ASSERT_TRUE(pair.Send(kHandshakeEpoch));
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  pair.Install(kKeyUpdateEpoch);
  // Nothing was sealed with the new keys yet: all three stay, the previous for acknowledgements.
  EXPECT_TRUE(pair.Send(kFirstApplicationEpoch));
  EXPECT_TRUE(pair.Send(kHandshakeEpoch));
  EXPECT_TRUE(pair.Send(kKeyUpdateEpoch));
  EXPECT_FALSE(pair.receiver.CanRead(kHandshakeEpoch));
  EXPECT_FALSE(pair.Send(kHandshakeEpoch));
  EXPECT_TRUE(pair.Send(kFirstApplicationEpoch));
}

TEST(RecordEpochs, ForgedRecordDoesNotMakeAnEpochCurrent) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  ASSERT_TRUE(pair.Send(kHandshakeEpoch));
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  pair.Install(kKeyUpdateEpoch);
  Bytes forged = Data(&pair, kKeyUpdateEpoch);
  forged.back() ^= 1;
  EXPECT_TRUE(OpenAll(&pair.receiver, forged).empty());
  EXPECT_TRUE(pair.receiver.CanRead(kHandshakeEpoch));
}

TEST(RecordEpochs, ManyKeyUpdates) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  for (Epoch epoch = kFirstApplicationEpoch; epoch.value < 40; epoch = epoch.Next()) {
    pair.Install(epoch);
    const Bytes late = Data(&pair, Epoch{epoch.value - 1});
    EXPECT_TRUE(pair.Send(epoch)) << epoch.value;
    EXPECT_EQ(OpenAll(&pair.receiver, late).size(), 1u) << epoch.value;
    EXPECT_EQ(pair.sender.write_epoch(), epoch);
    pair.sender.ForgetWriteEpoch(Epoch{epoch.value - 1});
    EXPECT_FALSE(pair.sender.CanWrite(Epoch{epoch.value - 1}));
  }
}

TEST(RecordEpochs, ForgottenEpochsDoNotComeBack) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  const Bytes record = Data(&pair, kHandshakeEpoch);
  ASSERT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
  pair.receiver.ForgetReadEpoch(kHandshakeEpoch);
  pair.receiver.ForgetReadEpoch(Epoch{77});
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  // Else a fresh window would take the same record again, and a fresh counter repeat a nonce.
  const Secret secret = TestSecret(pair.suite, kHandshakeEpoch);
  EXPECT_FALSE(pair.receiver.InstallReadKeys(kHandshakeEpoch, pair.suite, secret));
  pair.sender.ForgetWriteEpoch(kHandshakeEpoch);
  EXPECT_FALSE(pair.sender.InstallWriteKeys(kHandshakeEpoch, pair.suite, secret));
}

// F22: an earlier epoch stays writable beside a later one, and gives a retransmission a new number.
//= rfc9147#section-4.2.1
//= type=test
//# Implementations MUST send retransmissions of lost messages using the
//# same epoch and keying material as the original transmission.
TEST(RecordEpochs, F22RetransmissionUsesItsOwnEpoch) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  const Bytes lost =
      SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kHandshake, ToBytes("finished"));
  pair.Install(kFirstApplicationEpoch);
  EXPECT_EQ(pair.sender.write_epoch(), kFirstApplicationEpoch);
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch));
  const Bytes again =
      SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kHandshake, ToBytes("finished"));
  EXPECT_NE(again, lost);
  EXPECT_EQ(OpenAll(&pair.receiver, again),
            (std::vector<Accepted>{
                {{kHandshakeEpoch, {1}}, ContentType::kHandshake, ToBytes("finished")}}));
}

TEST(RecordEpochs, WriteEpochs) {
  RecordPair pair;
  EXPECT_EQ(pair.sender.write_epoch(), kPlaintextEpoch);
  EXPECT_TRUE(pair.sender.CanWrite(kPlaintextEpoch));
  pair.Install(kHandshakeEpoch);
  EXPECT_EQ(pair.sender.write_epoch(), kHandshakeEpoch);
  pair.sender.ForgetWriteEpoch(kPlaintextEpoch);
  EXPECT_FALSE(pair.sender.CanWrite(kPlaintextEpoch));
  EXPECT_TRUE(
      SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, ToBytes("x")).empty());
}

}  // namespace
}  // namespace dtls13
