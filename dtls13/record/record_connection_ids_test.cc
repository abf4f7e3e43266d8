// SPDX-License-Identifier: Apache-2.0
// Connection IDs in records: RFC 9147 sections 4 and 9, RFC 9146 section 3.
#include <gtest/gtest.h>

#include <string>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr Epoch kEpoch = kFirstApplicationEpoch;

Bytes Data(RecordPair* pair, Epoch epoch = kEpoch, HeaderForm form = kLongForm) {
  return SealBytes(&pair->sender, epoch, ContentType::kApplicationData, ToBytes("data"), form);
}

TEST(RecordConnectionIds, EveryLengthFormAndProtectedEpoch) {
  //= rfc9146#section-3
  //= type=test
  //# Such implementations MUST still be able to send CIDs of different
  //# lengths to other parties.
  for (const size_t len : {1, 2, 8, 20, 254, 255}) {
    RecordPair pair;
    const Bytes id(len, 0x5a);
    ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(id));
    pair.sender.SetSendConnectionId(id);
    for (const Epoch epoch : {kHandshakeEpoch, kFirstApplicationEpoch, Epoch{4}, Epoch{5}}) {
      pair.Install(epoch);
      for (const HeaderForm form : kEveryForm) {
        EXPECT_TRUE(pair.Send(epoch, form)) << len;
        //= rfc9147#section-4
        //= type=test
        //# If a Connection ID is negotiated, then it MUST be contained in all
        //# datagrams.
        const Bytes record = Data(&pair, epoch, form);
        const auto found = FindConnectionId(record, len);
        ASSERT_TRUE(found);
        EXPECT_EQ(Bytes(found->begin(), found->end()), id);
        EXPECT_EQ(record.size(), pair.sender.Overhead(epoch, form) + 4);
      }
    }
  }
}

TEST(RecordConnectionIds, OverheadCountsIt) {
  RecordPair pair;
  pair.Install(kEpoch);
  const size_t without = pair.sender.Overhead(kEpoch, kLongForm);
  const size_t in_plaintext = pair.sender.Overhead(kPlaintextEpoch, kLongForm);
  const size_t in_early_data = pair.sender.Overhead(kEarlyDataEpoch, kLongForm);
  pair.sender.SetSendConnectionId(Bytes(9));
  EXPECT_EQ(pair.sender.Overhead(kEpoch, kLongForm), without + 9);
  EXPECT_EQ(pair.sender.Overhead(kPlaintextEpoch, kLongForm), in_plaintext);
  EXPECT_EQ(pair.sender.Overhead(kEarlyDataEpoch, kLongForm), in_early_data);
  pair.sender.SetSendConnectionId({});
  EXPECT_EQ(pair.sender.Overhead(kEpoch, kLongForm), without);
  EXPECT_TRUE(pair.Send(kEpoch));
}

TEST(RecordConnectionIds, PlaintextCarriesNone) {
  RecordPair pair;
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes(4, 1)));
  const Bytes record =
      SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, ToBytes("hello"));
  EXPECT_EQ(record.size(), kPlaintextHeaderLen + 5);
  EXPECT_EQ(OpenAll(&pair.receiver, record).size(), 1u);
}

TEST(RecordConnectionIds, EarlyDataMayGoWithout) {
  RecordPair pair;
  for (const Epoch epoch : {kEarlyDataEpoch, kHandshakeEpoch}) pair.Install(epoch);
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes(4, 1)));
  EXPECT_TRUE(pair.Send(kEarlyDataEpoch));
  EXPECT_FALSE(pair.Send(kHandshakeEpoch));
  // Epoch 5 has the same bits.
  pair.Install(Epoch{5});
  EXPECT_FALSE(pair.Send(Epoch{5}));
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  EXPECT_TRUE(pair.Send(Epoch{5}));
}

//= rfc9146#section-3
//= type=test
//# If the tls12_cid content type is not set, then the connection and the
//# security association are looked up by the 5-tuple and a check MUST be
//# made to determine whether a non-zero-length CID is expected.
// F21: a record that does not carry one of ours goes nowhere.

TEST(RecordConnectionIds, F21WithoutOneWhereOneIsDue) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes without = Data(&pair);
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes(4, 1)));
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  const Bytes with = Data(&pair);
  //= rfc9146#section-3
  //= type=test
  //# If a non-zero-length CID is expected for the retrieved association, then
  //# the datagram MUST be treated as invalid, as described in Section 4.1.2.1
  //# of [RFC6347].
  EXPECT_TRUE(OpenAll(&pair.receiver, without).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 1u);
  // Its own header tells where it ends, so what follows is not lost with it.
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate({without, with})).size(), 1u);
}

TEST(RecordConnectionIds, F21AnothersEndsTheDatagram) {
  RecordPair pair;
  pair.Install(kEpoch);
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes(4, 1)));
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  const Bytes before = Data(&pair), after = Data(&pair);
  pair.sender.SetSendConnectionId(Bytes(4, 2));
  const Bytes foreign = Data(&pair);
  //= rfc9147#section-4
  //= type=test
  //# If the second or
  //# later record has a connection ID which does not correspond to the
  //# same association used for previous records, the rest of the datagram
  //# MUST be discarded.
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate({before, foreign, after})).size(), 1u);
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 1u);
  EXPECT_EQ(NumDropped(pair.receiver), 1u);
  EXPECT_EQ(OpenAll(&pair.receiver, after).size(), 1u);
}

TEST(RecordConnectionIds, SeveralOfOursInOneDatagram) {
  RecordPair pair;
  pair.Install(kEpoch);
  std::vector<Bytes> records;
  for (uint8_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes(4, i)));
    pair.sender.SetSendConnectionId(Bytes(4, i));
    records.push_back(Data(&pair));
  }
  // All correspond to the same association: a peer may change over between two records.
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate(records)).size(), 3u);
  // One that is taken back counts no more.
  pair.receiver.RemoveReceiveConnectionId(Bytes(4, 3));
  EXPECT_TRUE(OpenAll(&pair.receiver, Data(&pair)).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 1u);
}

TEST(RecordConnectionIds, TheRecordSaysWhichItCarried) {
  RecordPair pair;
  pair.Install(kEpoch);
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes{1, 2, 3}));
  pair.sender.SetSendConnectionId(Bytes{1, 2, 3});
  Bytes datagram = Data(&pair);
  std::span<uint8_t> rest(datagram);
  const auto record = pair.receiver.OpenNext(&rest);
  ASSERT_TRUE(record);
  EXPECT_EQ(Bytes(record->connection_id.begin(), record->connection_id.end()), (Bytes{1, 2, 3}));
}

TEST(RecordConnectionIds, IsAuthenticated) {
  // With one bit of an identifier changed to another of ours, only the AEAD can tell.
  RecordPair pair;
  pair.Install(kEpoch);
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes{1, 2}));
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(Bytes{1, 3}));
  pair.sender.SetSendConnectionId(Bytes{1, 2});
  Bytes record = Data(&pair);
  record[2] ^= 1;
  //= rfc9146#section-6
  //= type=test
  //# DTLS implementations MUST silently discard records with bad MACs or that
  //# are otherwise invalid.
  EXPECT_TRUE(OpenAll(&pair.receiver, record).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kAuthentication), 1u);
}

TEST(RecordConnectionIds, BeforeTheServerHelloItIsOnlyUnreadable) {
  RecordPair pair;
  ASSERT_TRUE(pair.sender.InstallWriteKeys(kHandshakeEpoch, pair.suite,
                                           TestSecret(pair.suite, kHandshakeEpoch)));
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  EXPECT_TRUE(OpenAll(&pair.receiver, Data(&pair, kHandshakeEpoch)).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kUnknownEpoch), 1u);
}

// Not even what nobody can read yet is kept without one of ours.
TEST(RecordConnectionIds, AnAwaitedRecordNeedsOneToo) {
  RecordPair pair;
  const Bytes id = {1, 2, 3};
  const Bytes another = {1, 2, 4};
  ASSERT_TRUE(pair.receiver.AddReceiveConnectionId(id));
  ASSERT_TRUE(pair.sender.InstallWriteKeys(kFirstApplicationEpoch, pair.suite,
                                           TestSecret(pair.suite, kFirstApplicationEpoch)));
  const auto is_sealed = [&](std::span<const uint8_t> sent_id) {
    pair.sender.SetSendConnectionId(sent_id);
    Bytes record = SealBytes(&pair.sender, kFirstApplicationEpoch, ContentType::kApplicationData,
                             ToBytes("data"));
    std::span<uint8_t> rest(record);
    return pair.receiver.OpenNext(&rest, kFirstApplicationEpoch).has_value();
  };
  EXPECT_TRUE(is_sealed(id));
  EXPECT_FALSE(is_sealed(another));
  EXPECT_FALSE(is_sealed({}));
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 2u);
}

TEST(RecordConnectionIds, RejectedWhereNoneIsNegotiated) {
  RecordPair pair;
  pair.Install(kEpoch);
  pair.sender.SetSendConnectionId(Bytes(4, 1));
  //= rfc9147#section-9.1
  //= type=test
  //# If no CID is negotiated, then the receiver MUST reject any records it
  //# receives that contain a CID.
  EXPECT_TRUE(OpenAll(&pair.receiver, Data(&pair)).empty());
  EXPECT_EQ(pair.receiver.num_dropped(DropReason::kConnectionId), 1u);
}

}  // namespace
}  // namespace dtls13
