// SPDX-License-Identifier: Apache-2.0
// What two associations make of agreed record sizes (RFC 8449).
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::sim {
namespace {

constexpr size_t kTagLen = 16;
constexpr uint16_t kClientLimit = 64;
constexpr uint16_t kServerLimit = 300;

PairOptions Options() {
  PairOptions options = ForgeableOptions();
  options.client.handshake.connection.record_size_limit = kClientLimit;
  options.server.handshake.connection.record_size_limit = kServerLimit;
  return options;
}

// LongestInnerPlaintext is over all protected records that went in one direction.
size_t LongestInnerPlaintext(const AssociationPair& pair, Direction direction) {
  size_t longest = 0;
  for (const SentDatagram& sent : pair.link().log()) {
    if (sent.direction != direction) continue;
    Bytes bytes = sent.bytes;
    std::span<uint8_t> datagram(bytes);
    while (!datagram.empty()) {
      const size_t extent = RecordExtent(datagram, /*connection_id_len=*/0);
      if (extent == 0) break;
      if (ClassifyRecord(datagram[0]) == RecordKind::kCiphertext) {
        const auto record = ParseCiphertextRecord(datagram, /*connection_id_len=*/0);
        EXPECT_TRUE(record.has_value());
        longest = std::max(longest, record->encrypted_record.size() - kTagLen);
      }
      datagram = datagram.subspan(extent);
    }
  }
  return longest;
}

//= rfc8449#section-4
//= type=test
//# When the "record_size_limit" extension is negotiated, an endpoint
//# MUST NOT generate a protected record with plaintext that is larger
//# than the RecordSizeLimit value it receives from its peer.
TEST(RecordSizeTest, EveryRecordKeepsToThePeersLimit) {
  AssociationPair pair(Options());
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.Send(pair.server(), std::string(kClientLimit - 1, 's')));
  EXPECT_FALSE(pair.Send(pair.server(), std::string(kClientLimit, 's')));
  EXPECT_TRUE(pair.Send(pair.client(), std::string(kServerLimit - 1, 'c')));
  EXPECT_FALSE(pair.Send(pair.client(), std::string(kServerLimit, 'c')));
  pair.RunFor(seconds(10));
  EXPECT_EQ(LongestInnerPlaintext(pair, Direction::kServerToClient), kClientLimit);
  EXPECT_EQ(LongestInnerPlaintext(pair, Direction::kClientToServer), kServerLimit);
  EXPECT_EQ(pair.server().received.size(), 1u);
  EXPECT_EQ(pair.client().received.size(), 1u);
}

//= rfc8449#section-4
//= type=test
//# a DTLS endpoint that
//# receives a record larger than its advertised limit MAY either
//# generate a fatal "record_overflow" alert or discard the record.
TEST(RecordSizeTest, LongerRecordsAreRecordOverflow) {
  for (const size_t content_len : {kServerLimit - 1, kServerLimit + 0}) {
    AssociationPair pair(Options());
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunFor(seconds(10));
    Forge forge(pair, pair.client());
    pair.Inject(pair.server(), forge.Protected(kFirstApplicationEpoch,
                                               ContentType::kApplicationData, Bytes(content_len)));
    const bool is_longer = content_len >= kServerLimit;
    ASSERT_EQ(pair.server().failure.has_value(), is_longer);
    if (is_longer) {
      EXPECT_EQ(pair.server().failure->alert(), AlertDescription::kRecordOverflow);
      EXPECT_EQ(pair.server().failure->reason(), Reason::kRecordOverflow);
    }
  }
}

// Without the extension nothing is limited but by the protocol.
TEST(RecordSizeTest, OneSideAloneLimitsNothing) {
  PairOptions options = Options();
  options.client.handshake.connection.record_size_limit = 0;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.Send(pair.client(), std::string(1000, 'c')));
  EXPECT_TRUE(pair.Send(pair.server(), std::string(1000, 's')));
}

}  // namespace
}  // namespace dtls13::sim
