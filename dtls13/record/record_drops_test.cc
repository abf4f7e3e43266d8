// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr Epoch kEpoch = kFirstApplicationEpoch;

Bytes Plaintext(uint8_t type, uint16_t epoch, uint8_t number, const Bytes& fragment) {
  Bytes record = {type,
                  0xfe,
                  0xfd,
                  static_cast<uint8_t>(epoch >> 8),
                  static_cast<uint8_t>(epoch),
                  0,
                  0,
                  0,
                  0,
                  0,
                  number,
                  static_cast<uint8_t>(fragment.size() >> 8),
                  static_cast<uint8_t>(fragment.size())};
  record.insert(record.end(), fragment.begin(), fragment.end());
  return record;
}

Bytes Data(RecordPair* pair, HeaderForm form = kLongForm) {
  return SealBytes(&pair->sender, kEpoch, ContentType::kApplicationData, ToBytes("data"), form);
}

// ExpectDropped expects `record` to be dropped for `reason` alone, as the only one in its datagram,
// and not to keep an honest record behind it from being found if `is_delimited`.
void ExpectDropped(const Bytes& record, DropReason reason, bool is_delimited) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kEpoch);
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  EXPECT_EQ(pair.receiver.num_dropped(reason), 1u) << static_cast<int>(reason);
  EXPECT_EQ(NumDropped(pair.receiver), 1u);
  const auto accepted = OpenAll(&pair.receiver, Concatenate({record, Data(&pair)}));
  EXPECT_EQ(accepted.size(), is_delimited ? 1u : 0u) << static_cast<int>(reason);
  EXPECT_TRUE(pair.Send(kEpoch));
}

//= rfc9147#section-4.1
//= type=test
//# Otherwise, the record MUST be rejected as if it had failed deprotection,
//# as described in Section 4.5.2.
TEST(RecordDrops, UnknownFirstByte) {
  for (const int byte : {0, 1, 19, 25, 27, 31, 64, 128, 255}) {
    ExpectDropped(Bytes(20, static_cast<uint8_t>(byte)), DropReason::kUnknownFirstByte, false);
  }
}

TEST(RecordDrops, F15PlaintextOfAnotherEpoch) {
  for (const uint16_t epoch : {1, 2, 3, 256, 65535}) {
    ExpectDropped(Plaintext(22, epoch, 0, {1, 2, 3}), DropReason::kUnexpectedPlaintext, true);
  }
}

//= rfc8446#section-5
//= type=test
//# MUST simply drop it without further processing.
TEST(RecordDrops, F15ApplicationDataAndChangeCipherSpecInEpoch0) {
  ExpectDropped(Plaintext(23, 0, 0, ToBytes("injected")), DropReason::kUnknownFirstByte, true);
  ExpectDropped(Plaintext(20, 0, 0, {1}), DropReason::kUnknownFirstByte, true);
  ExpectDropped(Plaintext(24, 0, 0, {1, 0, 0}), DropReason::kUnknownFirstByte, true);
}

TEST(RecordDrops, F15PlaintextOnceEpoch0IsClosed) {
  for (const uint8_t type : {21, 22, 26}) {
    RecordPair pair;
    pair.Install(kEpoch);
    EXPECT_EQ(OpenAll(&pair.receiver, Plaintext(type, 0, 0, {2, 40})).size(), 1u);
    pair.receiver.ForgetReadEpoch(kPlaintextEpoch);
    EXPECT_TRUE(OpenAll(&pair.receiver, Plaintext(type, 0, 1, {2, 40})).empty());
    EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnexpectedPlaintext), 1u);
    EXPECT_TRUE(pair.Send(kEpoch));
  }
}

TEST(RecordDrops, MalformedHeaders) {
  // Cut short, or longer than the datagram: the end of such a record cannot be found.
  ExpectDropped({22, 0xfe, 0xfd}, DropReason::kMalformedHeader, false);
  ExpectDropped({0x2f, 0x00}, DropReason::kMalformedHeader, false);
  Bytes past_the_end = {0x2f, 0, 0, 0x40, 0x00};
  past_the_end.resize(60);
  ExpectDropped(past_the_end, DropReason::kMalformedHeader, false);
  Bytes plaintext = Plaintext(22, 0, 0, Bytes(10));
  plaintext[11] = 0x40;
  ExpectDropped(plaintext, DropReason::kMalformedHeader, false);
  // Too long, or too short, but with an end.
  ExpectDropped(Plaintext(22, 0, 0, Bytes(kMaxPlaintextLen + 1)), DropReason::kMalformedHeader,
                true);
  Bytes ciphertext = {0x2f, 0, 0, (kMaxCiphertextLen + 1) >> 8, (kMaxCiphertextLen + 1) & 0xff};
  ciphertext.resize(5 + kMaxCiphertextLen + 1);
  ExpectDropped(ciphertext, DropReason::kMalformedHeader, true);
}

// F18: ciphertext and inner plaintexts that no sender makes.

TEST(RecordDrops, F18CiphertextUnder16Bytes) {
  for (uint8_t len = 0; len < 16; ++len) {
    Bytes record = {0x2f, 0, 0, 0, len};
    record.resize(5 + len);
    ExpectDropped(record, DropReason::kMalformedHeader, true);
  }
}

TEST(RecordDrops, F18BadInnerPlaintext) {
  const CipherSuite& suite = TestSuite();
  const RecordNumber number = {kEpoch, {3}};
  Bytes too_long(kMaxPlaintextLen + 1, 1);
  too_long.push_back(23);
  for (const Bytes& inner : {Bytes(1), Bytes(100), Bytes{1, 2, 3, 20}, Bytes{1, 2, 3, 24, 0, 0},
                             Bytes{25}, Bytes{28}, Bytes{1, 255}, too_long}) {
    ExpectDropped(SealInner(suite, number, inner), DropReason::kBadInnerPlaintext, true);
  }
}

TEST(RecordDrops, PaddingOfAnyLengthIsRemoved) {
  for (const size_t num_zeros : {size_t{1}, size_t{16}, size_t{239}, kMaxPlaintextLen - 4}) {
    RecordPair pair;
    pair.Install(kEpoch);
    Bytes inner = {'d', 'a', 't', 'a', 23};
    inner.resize(inner.size() + num_zeros);
    EXPECT_EQ(
        OpenAll(&pair.receiver, SealInner(pair.suite, {kEpoch, {0}}, inner)),
        (std::vector<Accepted>{{{kEpoch, {0}}, ContentType::kApplicationData, ToBytes("data")}}));
  }
}

// A record whose inside is wrong leaves its number free, as all that is discarded does.
TEST(RecordDrops, BadInnerPlaintextDoesNotMoveTheWindow) {
  RecordPair pair;
  pair.Install(kEpoch);
  ASSERT_TRUE(pair.Send(kEpoch));
  EXPECT_TRUE(OpenAll(&pair.receiver, SealInner(pair.suite, {kEpoch, {20000}}, Bytes(9))).empty());
  EXPECT_TRUE(pair.Send(kEpoch, kShortForm));
}

TEST(RecordDrops, F21ConnectionIdWithoutNegotiation) {
  RecordPair pair;
  pair.Install(kEpoch);
  //= rfc9147#section-4
  //= type=test
  //# If the second or
  //# later record has a connection ID which does not correspond to the
  //# same association used for previous records, the rest of the datagram
  //# MUST be discarded.
  Bytes with_connection_id = Data(&pair);
  with_connection_id[0] |= 0x10;
  const Bytes before = Data(&pair), after = Data(&pair);
  Bytes datagram = Concatenate({before, with_connection_id, after});
  std::span<uint8_t> rest(datagram);
  ASSERT_TRUE(pair.receiver.OpenNext(&rest));
  EXPECT_FALSE(rest.empty());
  EXPECT_FALSE(pair.receiver.OpenNext(&rest));
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 1u);
  EXPECT_EQ(NumDropped(pair.receiver), 1u);
  // The last record was not looked at, so it still counts when it comes alone.
  EXPECT_EQ(OpenAll(&pair.receiver, after).size(), 1u);
}

//= rfc9147#section-4.5.1
//= type=test
//# For each received record, the receiver MUST verify that the record
//# contains a sequence number that does not duplicate the sequence number
//# of any other record received in that epoch during the lifetime of the
//# association.
TEST(RecordDrops, ReplaysOfEveryForm) {
  for (const HeaderForm form : kEveryForm) {
    RecordPair pair;
    pair.Install(kEpoch);
    std::vector<Bytes> records;
    for (int i = 0; i < 100; ++i) {
      records.push_back(Data(&pair, form));
      ASSERT_EQ(OpenAll(&pair.receiver, records.back()).size(), 1u);
    }
    for (const Bytes& record : records) EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
    EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 100u);
    EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 0u);
  }
}

//= rfc9147#section-4.5.1
//= type=test
//# This check
//# SHOULD happen after deprotecting the record; otherwise, the record
//# discard might itself serve as a timing channel for the record number.
TEST(RecordDrops, ANumberIsLookedUpOnlyOnceItsRecordIsAuthentic) {
  RecordPair pair;
  pair.Install(kEpoch);
  Bytes record = Data(&pair);
  ASSERT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
  record.back() ^= 1;
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 1u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 0u);
}

TEST(RecordDrops, ReplayWithinOneDatagram) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes record = Data(&pair);
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate({record, record, record})).size(), 1u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 2u);
}

TEST(RecordDrops, LeftOfTheWindow) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes first = Data(&pair), second = Data(&pair);
  for (uint64_t i = 0; i < ReplayWindow::kSize - 1; ++i) ASSERT_TRUE(pair.Send(kEpoch));
  EXPECT_TRUE(OpenAll(&pair.receiver, first).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 1u);
  EXPECT_EQ(OpenAll(&pair.receiver, second).size(), 1u);
}

TEST(RecordDrops, PlaintextReplays) {
  RecordPair pair;
  const Bytes record = Plaintext(22, 0, 7, {1});
  EXPECT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
  pair.receiver.AcceptPlaintext({7});
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  EXPECT_EQ(OpenAll(&pair.receiver, Plaintext(22, 0, 6, {1})).size(), 1u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kReplay), 1u);
}

// F17: nothing vouches for a plaintext record's number before its message is accepted.
TEST(RecordDrops, F17ForgedPlaintextNumbersDoNotMoveTheWindow) {
  RecordPair pair;
  for (uint64_t number : {uint64_t{0}, uint64_t{1000}, (uint64_t{1} << 48) - 1}) {
    EXPECT_EQ(OpenAll(&pair.receiver, Plaintext(22, 0, number, {1})).size(), 1u);
  }
  EXPECT_EQ(OpenAll(&pair.receiver, Plaintext(22, 0, 0, {2})).size(), 1u);
}

// F17 (CVE-2016-2181): a forged record, of the current epoch or of one not yet in use, with a
// number far ahead does not move any window.
TEST(RecordDrops, F17ForgedNumbersDoNotMoveTheWindow) {
  //= rfc9147#section-4.5.1
  //= type=test
  //# The window MUST NOT be updated due to a received record until that
  //# record has been deprotected successfully.
  for (const Epoch forged_epoch : {kEpoch, kEpoch.Next()}) {
    RecordPair pair;
    pair.Install(kEpoch);
    ASSERT_TRUE(pair.Send(kEpoch));
    pair.Install(kEpoch.Next());
    for (uint64_t number : {uint64_t{100}, uint64_t{30000}, uint64_t{1} << 40, UINT64_MAX}) {
      Bytes forged = SealInner(pair.suite, {forged_epoch, {number}}, Bytes{1, 23});
      forged.back() ^= 1;
      EXPECT_TRUE(OpenAll(&pair.receiver, forged).empty());
    }
    EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 4u);
    // An 8-bit number is read relative to the window: it would not survive a jump.
    EXPECT_TRUE(pair.Send(kEpoch, kShortForm));
    EXPECT_TRUE(pair.Send(kEpoch.Next(), kShortForm));
  }
}

TEST(RecordDrops, AnyChangedBitIsDropped) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kEpoch);
  const Bytes record = Data(&pair);
  for (size_t bit = 0; bit < record.size() * 8; ++bit) {
    Bytes changed = record;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_TRUE(OpenAll(&pair.receiver, changed).empty()) << bit;
  }
  EXPECT_GE(NumDropped(pair.receiver), record.size() * 8);  // a shortened length leaves a tail
  EXPECT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
}

TEST(RecordDrops, TruncatedDatagramsAreDropped) {
  for (const HeaderForm form : kEveryForm) {
    RecordPair pair;
    pair.Install(kEpoch);
    const Bytes record = Data(&pair, form);
    for (size_t len = 1; len < record.size(); ++len) {
      const Bytes cut(record.begin(), record.begin() + static_cast<ptrdiff_t>(len));
      EXPECT_TRUE(OpenAll(&pair.receiver, cut).empty()) << len;
    }
    EXPECT_EQ(NumDropped(pair.receiver), record.size() - 1);
    EXPECT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
  }
}

//= rfc9147#section-4.5.2
//= type=test
//# In general, invalid records SHOULD be silently discarded, thus
//# preserving the association; however, an error MAY be logged for
//# diagnostic purposes.
//= rfc9147#section-4.5.2
//= type=test
//# Thus, generating fatal alerts is NOT RECOMMENDED for such transports,
//# both to increase the reliability of DTLS service and to avoid the risk
//# of spoofing attacks sending traffic to unrelated third parties.
TEST(RecordDrops, GarbageIsDroppedAndTheAssociationLives) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kEpoch);
  std::mt19937 random(11);
  for (int i = 0; i < 5000; ++i) {
    Bytes garbage(random() % 200);
    for (uint8_t& byte : garbage) byte = static_cast<uint8_t>(random());
    if (!garbage.empty()) garbage[0] = static_cast<uint8_t>(0x20 | (garbage[0] & 0x1f));
    EXPECT_TRUE(OpenAll(&pair.receiver, garbage).empty());
  }
  EXPECT_TRUE(pair.Send(kHandshakeEpoch));
  EXPECT_TRUE(pair.Send(kEpoch));
}

TEST(RecordDrops, EmptyDatagram) {
  RecordPair pair;
  EXPECT_TRUE(OpenAll(&pair.receiver, {}).empty());
  EXPECT_EQ(NumDropped(pair.receiver), 0u);
}

Bytes Forged(RecordPair* pair, Epoch epoch) {
  Bytes record = SealBytes(&pair->sender, epoch, ContentType::kApplicationData, ToBytes("forged"));
  record.back() ^= 1;
  return record;
}

//= rfc9147#section-4.5.3
//= type=test
//# Implementations MUST count the number of received packets that fail
//# authentication with each key.
TEST(RecordDrops, F19IntegrityLimitEndsAKey) {
  CipherSuite suite = TestSuite();
  suite.integrity_limit = 3;
  RecordPair pair(suite);
  pair.Install(kHandshakeEpoch);
  pair.Install(kEpoch);
  // Two failures under each of two keys are not three under one.
  for (int i = 0; i < 2; ++i) {
    OpenAll(&pair.receiver, Forged(&pair, kHandshakeEpoch));
    OpenAll(&pair.receiver, Forged(&pair, kEpoch));
  }
  EXPECT_FALSE(pair.receiver.IntegrityLimitReached());
  EXPECT_TRUE(pair.Send(kEpoch));
  OpenAll(&pair.receiver, Forged(&pair, kEpoch));
  EXPECT_TRUE(pair.receiver.IntegrityLimitReached());
  EXPECT_FALSE(pair.Send(kEpoch));
}

TEST(RecordDrops, F19IntegrityLimitForgetsAnEarlierKey) {
  CipherSuite suite = TestSuite();
  suite.integrity_limit = 3;
  RecordPair pair(suite);
  pair.Install(kEpoch);
  pair.Install(kEpoch.Next());
  ASSERT_TRUE(pair.Send(kEpoch));
  ASSERT_TRUE(pair.Send(kEpoch.Next()));
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(pair.receiver.CanRead(kEpoch));
    OpenAll(&pair.receiver, Forged(&pair, kEpoch));
  }
  EXPECT_FALSE(pair.receiver.CanRead(kEpoch));
  EXPECT_FALSE(pair.receiver.IntegrityLimitReached());
  EXPECT_TRUE(pair.Send(kEpoch.Next()));
}

}  // namespace
}  // namespace dtls13
