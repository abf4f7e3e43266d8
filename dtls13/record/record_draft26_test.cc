// SPDX-License-Identifier: Apache-2.0
// The record layer given the profile of draft-ietf-tls-dtls13-26.

#include <gtest/gtest.h>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

constexpr Epoch kSecondApplicationEpoch{4};

RecordPair NewPair() { return RecordPair(TestSuite(), kDraft26Profile); }

Bytes Data(RecordPair* pair, Epoch epoch, HeaderForm form = kLongForm) {
  return SealBytes(&pair->sender, epoch, ContentType::kApplicationData, ToBytes("data"), form);
}

//= draft-ietf-tls-dtls13-26#section-4
//= type=test
//# When using an [sender]_application_traffic_secret for message
//# protection, Implementations MAY use either DTLSCiphertext or
//# DTLSShortCiphertext at their discretion.
TEST(Draft26Records, ArriveInEitherForm) {
  RecordPair pair = NewPair();
  for (const Epoch epoch : {kEarlyDataEpoch, kHandshakeEpoch, kFirstApplicationEpoch}) {
    pair.Install(epoch);
    for (const HeaderForm form : kEveryForm) EXPECT_TRUE(pair.Send(epoch, form));
  }
  EXPECT_EQ(pair.sender.Overhead(kHandshakeEpoch, kShortForm), 7u + 17u);
  EXPECT_EQ(pair.sender.Overhead(kFirstApplicationEpoch, kShortForm), 2u + 17u);
}

TEST(Draft26Records, ManyInShortFormAreTakenForWhatTheyAre) {
  RecordPair pair = NewPair();
  pair.Install(kFirstApplicationEpoch);
  for (int i = 0; i < 10000; ++i) {
    const Bytes record = Data(&pair, kFirstApplicationEpoch, kShortForm);
    // All but each 2000th is lost, and the number is still found.
    if (i % 2000 == 0) {
      const auto accepted = OpenAll(&pair.receiver, record);
      ASSERT_EQ(accepted.size(), 1u) << i;
      EXPECT_EQ(accepted[0].number.sequence_number.value, static_cast<uint64_t>(i));
    }
  }
}

TEST(Draft26Records, AnAckIsOfType25) {
  RecordPair pair = NewPair();
  const Bytes plaintext = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kAck, Bytes{0, 0});
  ASSERT_FALSE(plaintext.empty());
  EXPECT_EQ(plaintext[0], 25);
  EXPECT_EQ(OpenAll(&pair.receiver, plaintext),
            (std::vector<Accepted>{{{kPlaintextEpoch, {0}}, ContentType::kAck, Bytes{0, 0}}}));
  pair.Install(kHandshakeEpoch);
  const Bytes sealed = SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kAck, Bytes{0, 0});
  EXPECT_EQ(OpenAll(&pair.receiver, sealed),
            (std::vector<Accepted>{{{kHandshakeEpoch, {0}}, ContentType::kAck, Bytes{0, 0}}}));
}

// DTLS 1.3's own ACK is nothing here, and this one nothing there.
TEST(Draft26Records, TheOtherProfilesRecordsAreDropped) {
  for (const bool receiver_is_draft26 : {false, true}) {
    RecordPair sent(TestSuite(), receiver_is_draft26 ? kRfc9147Profile : kDraft26Profile);
    RecordPair read(TestSuite(), receiver_is_draft26 ? kDraft26Profile : kRfc9147Profile);
    for (RecordPair* pair : {&sent, &read}) pair->Install(kFirstApplicationEpoch);
    for (const HeaderForm form : kEveryForm) {
      EXPECT_TRUE(OpenAll(&read.receiver, Data(&sent, kFirstApplicationEpoch, form)).empty());
    }
    const Bytes ack = SealBytes(&sent.sender, kPlaintextEpoch, ContentType::kAck, Bytes{0, 0});
    EXPECT_TRUE(OpenAll(&read.receiver, ack).empty());
    EXPECT_EQ(NumDropped(read.receiver), 5u);
  }
}

//= draft-ietf-tls-dtls13-26#section-4.1.1
//= type=test
//# Otherwise, the record MUST be rejected as if it had failed
//# deprotection, as described in Section 4.4.2.
//= draft-ietf-tls-dtls13-26#section-5
//= type=test
//# Implementations MUST still ignore ChangeCipherSpec messages received
//# during the handshake and at all other times SHOULD treat them as if
//# they had failed to deprotect.
TEST(Draft26Records, WhatIsNeitherIsDroppedAndSteppedOver) {
  RecordPair pair = NewPair();
  pair.Install(kFirstApplicationEpoch);
  const Bytes change_cipher_spec = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  const Bytes data = Data(&pair, kFirstApplicationEpoch);
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate({change_cipher_spec, data})).size(), 1u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownFirstByte), 1u);
  EXPECT_TRUE(OpenAll(&pair.receiver, Bytes(40, 0x55)).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownFirstByte), 2u);
}

//= draft-ietf-tls-dtls13-26#section-4.1.2
//= type=test
//# After the handshake is complete, if the epoch bits do not match those from the
//# current epoch implementations SHOULD use the most recent past epoch
//# which has matching bits, and then reconstruct the sequence number as
//# described above.
TEST(Draft26Records, OneBitTellsOldKeysFromNew) {
  RecordPair pair = NewPair();
  pair.Install(kHandshakeEpoch);
  pair.Install(kFirstApplicationEpoch);
  const Bytes late = Data(&pair, kFirstApplicationEpoch, kShortForm);
  ASSERT_TRUE(pair.Send(kFirstApplicationEpoch, kShortForm));
  pair.Install(kSecondApplicationEpoch);
  ASSERT_TRUE(pair.Send(kSecondApplicationEpoch, kShortForm));
  const auto accepted = OpenAll(&pair.receiver, late);
  ASSERT_EQ(accepted.size(), 1u);
  EXPECT_EQ(accepted[0].number, (RecordNumber{kFirstApplicationEpoch, {0}}));
}

// The handshake's keys have an epoch of the same bit as those of the second KeyUpdate's epoch, and
// never a record with that header.
TEST(Draft26Records, OneBitNeverMeansTheHandshakesKeys) {
  RecordPair pair = NewPair();
  pair.Install(kHandshakeEpoch);
  ASSERT_TRUE(pair.Send(kHandshakeEpoch));
  Bytes forged(40, 0);
  forged[0] = 0x20;
  EXPECT_TRUE(OpenAll(&pair.receiver, forged).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownEpoch), 1u);
}

//= draft-ietf-tls-dtls13-26#section-4.1
//= type=test
//# Until the handshake has completed, implementations MUST accept
//# packets from the old epoch.
TEST(Draft26Records, TheClientsLastFlightIsReadInEveryOrder) {
  RecordPair pair = NewPair();
  for (const Epoch epoch : {kEarlyDataEpoch, kHandshakeEpoch, kFirstApplicationEpoch}) {
    pair.Install(epoch);
  }
  for (const Epoch epoch : {kHandshakeEpoch, kEarlyDataEpoch, kFirstApplicationEpoch,
                            kEarlyDataEpoch, kHandshakeEpoch, kFirstApplicationEpoch}) {
    EXPECT_TRUE(pair.Send(epoch)) << epoch.value;
  }
  // With the first KeyUpdate they go.
  pair.Install(kSecondApplicationEpoch);
  EXPECT_TRUE(pair.Send(kSecondApplicationEpoch));
  EXPECT_FALSE(pair.receiver.CanRead(kEarlyDataEpoch));
  EXPECT_FALSE(pair.receiver.CanRead(kHandshakeEpoch));
}

TEST(Draft26Records, EpochsHave16Bits) {
  RecordPair pair = NewPair();
  pair.Install(Epoch{UINT16_MAX});
  EXPECT_TRUE(pair.Send(Epoch{UINT16_MAX}));
  const Secret secret = TestSecret(TestSuite(), Epoch{0});
  EXPECT_FALSE(pair.sender.InstallWriteKeys(Epoch{UINT16_MAX + 1}, TestSuite(), secret));
  EXPECT_FALSE(pair.receiver.InstallReadKeys(Epoch{UINT16_MAX + 1}, TestSuite(), secret));
}

//= draft-ietf-tls-dtls13-26#section-4.4.1
//= type=test
//# If the MAC validation fails, the receiver MUST discard the received
//# record as invalid.
// A record whose header was touched is not the one that was sealed.
TEST(Draft26Records, TheHeaderIsAuthenticated) {
  for (const HeaderForm form : {kLongForm, kShortForm}) {
    RecordPair pair = NewPair();
    pair.Install(kFirstApplicationEpoch);
    Bytes record = Data(&pair, kFirstApplicationEpoch, form);
    record[form.has_length ? 4 : 1] ^= 1;
    EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
    EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 1u);
  }
}

}  // namespace
}  // namespace dtls13
