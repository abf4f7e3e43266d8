// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/plaintext_handshake.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

Bytes Record(ContentType type, uint64_t number, const Bytes& content) {
  Bytes record(kPlaintextHeaderLen + content.size());
  EXPECT_EQ(WritePlaintextRecord(type, SequenceNumber{number}, content, record), record.size());
  return record;
}

Bytes operator+(Bytes a, const Bytes& b) {
  std::copy(b.begin(), b.end(), std::back_inserter(a));
  return a;
}

Bytes Hello(size_t len) { return WholeMessage(HandshakeType::kClientHello, 1, Bytes(len, 7)); }

TEST(PlaintextHandshakeTest, WalksOverFragmentsOfAllRecords) {
  const Bytes other = WholeMessage(HandshakeType::kServerHello, 2, Bytes{1, 2});
  const Bytes datagram = Record(ContentType::kHandshake, 4, Hello(3) + other) +
                         Record(ContentType::kAlert, 5, {2, 40}) +
                         Record(ContentType::kHandshake, 6, Hello(9));
  PlaintextFragmentReader reader(datagram);
  PlaintextFragment found;
  ASSERT_TRUE(reader.Next(&found));
  EXPECT_EQ(found.record_number.value, 4u);
  EXPECT_EQ(found.fragment.body.size(), 3u);
  ASSERT_TRUE(reader.Next(&found));
  EXPECT_EQ(found.fragment.header.type, HandshakeType::kServerHello);
  ASSERT_TRUE(reader.Next(&found));
  EXPECT_EQ(found.record_number.value, 6u);
  EXPECT_EQ(found.fragment.body.size(), 9u);
  EXPECT_FALSE(reader.Next(&found));
  EXPECT_FALSE(reader.Next(&found));
}

TEST(PlaintextHandshakeTest, EndsAtWhatIsNoPlaintextOfEpochZero) {
  Bytes later_epoch = Record(ContentType::kHandshake, 1, Hello(3));
  later_epoch[4] = 1;
  const Bytes ciphertext(40, 0x2c);
  PlaintextFragment found;
  for (const Bytes& datagram :
       {Bytes(), later_epoch, ciphertext, ciphertext + Record(ContentType::kHandshake, 1, Hello(3)),
        Bytes(13, 22), Record(ContentType::kHandshake, 1, {1, 0, 0, 9})}) {
    EXPECT_FALSE(PlaintextFragmentReader(datagram).Next(&found));
    EXPECT_FALSE(FindClientHello(datagram));
  }
}

TEST(PlaintextHandshakeTest, FindsTheClientHello) {
  const Bytes whole = Record(ContentType::kHandshake, 1, Hello(3));
  ASSERT_TRUE(FindWholeClientHello(whole));
  EXPECT_EQ(FindWholeClientHello(whole)->fragment.header.message_seq, 1);
  for (size_t len = 0; len < whole.size(); ++len) {
    EXPECT_FALSE(FindClientHello(std::span(whole).first(len))) << len;
  }
  Bytes part = whole;
  part[kPlaintextHeaderLen + 3] = 4;  // message_len
  EXPECT_TRUE(FindClientHello(part));
  EXPECT_FALSE(FindWholeClientHello(part));
  EXPECT_FALSE(FindWholeClientHello(Record(ContentType::kHandshake, 1, Hello(3) + Hello(3))));
  EXPECT_FALSE(FindWholeClientHello(Record(ContentType::kHandshake, 1, Hello(3) + Bytes(1))));
  EXPECT_FALSE(FindClientHello(
      Record(ContentType::kHandshake, 1, WholeMessage(HandshakeType::kServerHello, 0, Bytes(3)))));
  // A record of another type before it is not how a client begins.
  EXPECT_FALSE(FindClientHello(Record(ContentType::kAlert, 0, {1, 0}) + whole));
}

TEST(PlaintextHandshakeTest, WritesNothingThatDoesNotFit) {
  Bytes out(kPlaintextHeaderLen + kMaxPlaintextLen + 1);
  const Bytes content(20);
  EXPECT_EQ(WritePlaintextRecord(ContentType::kAlert, {}, content, std::span(out).first(32)), 0u);
  EXPECT_EQ(WritePlaintextRecord(ContentType::kAlert, {}, content, std::span(out).first(33)), 33u);
  EXPECT_EQ(WritePlaintextRecord(ContentType::kAlert, {}, Bytes(kMaxPlaintextLen + 1), out), 0u);
}

}  // namespace
}  // namespace dtls13
