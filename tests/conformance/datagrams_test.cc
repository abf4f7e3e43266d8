// SPDX-License-Identifier: Apache-2.0
// What leaves an association, datagram by datagram: whole records, within the path's limit.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

constexpr uint8_t kLengthBit = 0x04;

PairOptions Options(size_t mtu) {
  PairOptions options = DefaultPairOptions();
  for (AssociationConfig* config : {&options.client, &options.server}) {
    config->mtu = mtu;
    config->omit_length = true;
    config->short_numbers = true;
  }
  return options;
}

uint64_t NumDropped(const Side& side) {
  uint64_t num = 0;
  for (size_t reason = 0; reason < static_cast<size_t>(DropReason::kCount); ++reason) {
    num += side.association->facts().records.num_dropped(static_cast<DropReason>(reason));
  }
  return num;
}

// Splits a datagram by the headers that an observer without keys can read.
std::vector<Bytes> Records(const Bytes& datagram) {
  std::vector<Bytes> records;
  std::span<const uint8_t> rest(datagram);
  while (!rest.empty()) {
    const size_t len = RecordExtent(rest, /*connection_id_len=*/0);
    EXPECT_GT(len, 0u) << "not the beginning of a record, or one that goes on elsewhere";
    if (len == 0) break;
    records.emplace_back(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(len));
    rest = rest.subspan(len);
  }
  return records;
}

// A handshake, data, KeyUpdates and a close, of which every datagram is on the link's log.
class DatagramsTest : public testing::TestWithParam<size_t> {
 protected:
  DatagramsTest() : pair_(Options(GetParam())) {
    EXPECT_TRUE(pair_.RunUntilConnected());
    pair_.RunUntilQuiet();
    EXPECT_TRUE(pair_.DataFlowsBothWays());
    pair_.UpdateKeys(pair_.client(), /*request_peer=*/true);
    pair_.RunUntilQuiet();
    EXPECT_TRUE(pair_.Send(pair_.client(), "more") && pair_.Send(pair_.server(), "more"));
    for (Side* side : {&pair_.client(), &pair_.server()}) side->association->Close();
    for (Side* side : {&pair_.client(), &pair_.server()}) pair_.Flush(*side);
    pair_.RunUntilQuiet();
    EXPECT_TRUE(pair_.client().peer_closed && pair_.server().peer_closed);
  }

  const std::vector<SentDatagram>& log() { return pair_.link().log(); }

  AssociationPair pair_;
};

//= rfc9147#section-4.3
//= type=test
//# In order to avoid IP fragmentation, clients of the DTLS record layer
//# SHOULD attempt to size records so that they fit within any Path MTU
//# (PMTU) estimates obtained from the record layer.
TEST_P(DatagramsTest, NoneExceedsTheMtu) {
  for (const SentDatagram& datagram : log()) EXPECT_LE(datagram.bytes.size(), GetParam());
}

//= rfc9147#section-4.3
//= type=test
//# Each DTLS record MUST fit within a single datagram.
//= rfc9147#section-4.3
//= type=test
//# The first byte of the datagram payload MUST be the beginning of a record.
//# Records MUST NOT span datagrams.
//= rfc9147#section-5.5
//= type=test
//# Each handshake message fragment that is placed into a record MUST be
//# delivered in a single UDP datagram.
//= rfc9147#section-4
//= type=test
//# Sending implementations MUST NOT mix records from multiple DTLS
//# associations in the same datagram.
TEST_P(DatagramsTest, EachIsOneOrMoreWholeRecordsOfItsAssociation) {
  for (const SentDatagram& datagram : log()) {
    ASSERT_FALSE(datagram.bytes.empty());
    EXPECT_FALSE(Records(datagram.bytes).empty());
  }
  // The receiver could open every single one.
  EXPECT_EQ(NumDropped(pair_.client()), 0u);
  EXPECT_EQ(NumDropped(pair_.server()), 0u);
}

//= rfc9147#section-4.3
//= type=test
//# Multiple DTLS records MAY be placed in a single datagram.
//= rfc9147#section-4.3
//= type=test
//# DTLS messages MAY be fragmented into multiple DTLS records.
TEST_P(DatagramsTest, RecordsShareDatagramsAndMessagesRecords) {
  size_t most_records = 0;
  size_t num_of_flight = 0;  // datagrams of the server's flight
  bool is_answered = false;
  for (const SentDatagram& datagram : log()) {
    most_records = std::max(most_records, Records(datagram.bytes).size());
    const bool is_client = datagram.direction == Direction::kClientToServer;
    is_answered = is_answered || (is_client && datagram.index > 0);
    num_of_flight += !is_client && !is_answered;
  }
  EXPECT_GE(most_records, 2u) << "ServerHello and what is encrypted behind it";
  EXPECT_EQ(num_of_flight > 1, GetParam() < kDefaultMtu) << "the certificate is in pieces";
}

//= rfc9147#section-4
//= type=test
//# Omitting the length field MUST only be used for the last record in a
//# datagram.
TEST_P(DatagramsTest, OnlyTheLastRecordGoesWithoutLength) {
  size_t num_without_length = 0;
  for (const SentDatagram& datagram : log()) {
    const auto records = Records(datagram.bytes);
    for (size_t i = 0; i < records.size(); ++i) {
      const uint8_t first_byte = records[i].front();
      if (ClassifyRecord(first_byte) != RecordKind::kCiphertext) continue;
      if ((first_byte & kLengthBit) != 0) continue;
      ++num_without_length;
      EXPECT_EQ(i + 1, records.size());
    }
    // A record without length would hide what stands behind it, and make the receiver drop it.
  }
  EXPECT_GE(num_without_length, 4u) << "the data of both sides";
  EXPECT_EQ(NumDropped(pair_.client()) + NumDropped(pair_.server()), 0u);
}

// HelloVerifyRequest and change_cipher_spec are never seen on the wire.
//= rfc9147#section-5
//= type=test
//# DTLS servers MUST NOT echo the "legacy_session_id" value from the client
//# and endpoints MUST NOT send ChangeCipherSpec messages.
TEST_P(DatagramsTest, EveryPlaintextRecordIsAHelloOrItsAlert) {
  for (const SentDatagram& datagram : log()) {
    for (const Bytes& record : Records(datagram.bytes)) {
      const RecordKind kind = ClassifyRecord(record.front());
      EXPECT_NE(kind, RecordKind::kInvalid) << "change_cipher_spec or application data in clear";
      if (kind == RecordKind::kPlaintext) {
        EXPECT_EQ(record.front(), static_cast<uint8_t>(ContentType::kHandshake));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Mtus, DatagramsTest, testing::Values(256, 548, kDefaultMtu),
                         [](const auto& info) { return std::to_string(info.param); });

//= rfc9147#section-4.4
//= type=test
//# In order to deal with the first two issues, the DTLS record layer SHOULD
//# behave as described below.
//= rfc9147#section-4.4
//= type=test
//# The DTLS record layer SHOULD also allow the upper layer protocol to
//# discover the amount of record expansion expected by the DTLS processing;
//# alternately, it MAY report PMTU estimates minus the estimated expansion
//# from the transport layer and DTLS record framing.
TEST(ExpansionTest, SealAddsWhatItSays) {
  for (const bool is_short : {false, true}) {
    PairOptions options = DefaultPairOptions();
    options.client.omit_length = options.client.short_numbers = is_short;
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunUntilQuiet();
    Association& client = *pair.client().association;
    for (const size_t len : {size_t{0}, size_t{1}, size_t{1000}, kMaxPlaintextLen}) {
      Bytes out(len + client.SealOverhead());
      size_t out_len = 0;
      EXPECT_EQ(client.Seal(Bytes(len), out, &out_len), SendResult::kSealed);
      EXPECT_EQ(out_len, out.size());
      out.pop_back();
      EXPECT_EQ(client.Seal(Bytes(len), out, &out_len), SendResult::kTooLarge);
    }
  }
}

}  // namespace
}  // namespace dtls13::sim
