// SPDX-License-Identifier: Apache-2.0
// What two associations make of agreed record sizes (RFC 8449), and of those their callers wish.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/chosen_sizing.h"
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

// SentRecord is one on the wire: of a protected one the length of content, type and padding, of
// a plaintext one that of its content.
struct SentRecord {
  bool is_protected = false;
  size_t len = 0;
};

// RecordsOf are all records that went in one direction.
std::vector<SentRecord> RecordsOf(const AssociationPair& pair, Direction direction) {
  std::vector<SentRecord> records;
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
        records.push_back({true, record->encrypted_record.size() - kTagLen});
      } else {
        records.push_back({false, extent - kPlaintextHeaderLen});
      }
      datagram = datagram.subspan(extent);
    }
  }
  return records;
}

// LongestInnerPlaintext is over all protected records that went in one direction.
size_t LongestInnerPlaintext(const AssociationPair& pair, Direction direction) {
  size_t longest = 0;
  for (const SentRecord& record : RecordsOf(pair, direction)) {
    if (record.is_protected) longest = std::max(longest, record.len);
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

// Both sides' sizings, and options with them.
struct Sized {
  Sized() {
    options.client.record_sizing = client;
    options.server.record_sizing = server;
  }

  std::shared_ptr<ChosenSizing> client = std::make_shared<ChosenSizing>();
  std::shared_ptr<ChosenSizing> server = std::make_shared<ChosenSizing>();
  PairOptions options = ForgeableOptions();
};

//= rfc8446#section-5.4
//= type=test
//# When generating a TLSCiphertext record, implementations MAY choose to
//# pad.
TEST(RecordPaddingTest, EachProtectedRecordHasWhatIsWanted) {
  constexpr size_t kBlockLen = 64;
  Sized sized;
  sized.client->block_len = sized.server->block_len = kBlockLen;
  sized.options.client.mtu = sized.options.server.mtu = 4000;
  AssociationPair pair(sized.options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.UpdateKeys(pair.client(), /*request_peer=*/true);
  EXPECT_TRUE(pair.DataFlowsBothWays());
  for (Side* side : {&pair.client(), &pair.server()}) {
    side->association->Close();
    pair.Flush(*side);
  }
  pair.RunFor(seconds(10));
  EXPECT_TRUE(pair.client().peer_closed);
  EXPECT_TRUE(pair.server().peer_closed);
  for (const Direction direction : {Direction::kClientToServer, Direction::kServerToClient}) {
    const auto& asked =
        (direction == Direction::kClientToServer ? sized.client : sized.server)->asked;
    size_t num_protected = 0;
    std::set<ContentType> types;
    for (const SentRecord& record : RecordsOf(pair, direction)) {
      if (!record.is_protected) continue;
      EXPECT_EQ(record.len % kBlockLen, 0u);
      ASSERT_LT(num_protected, asked.size());
      const auto [type, inner_len] = asked[num_protected];
      // Padded up to the next block, and no further.
      EXPECT_LE(inner_len, record.len);
      EXPECT_GT(inner_len + kBlockLen, record.len);
      types.insert(type);
      ++num_protected;
    }
    // None was asked about but those; a HelloRetryRequest and the hellos are not protected.
    EXPECT_EQ(num_protected, asked.size());
    EXPECT_EQ(types, (std::set<ContentType>{ContentType::kAlert, ContentType::kHandshake,
                                            ContentType::kApplicationData, ContentType::kAck}));
  }
}

// All the padding there is room for stands in the way of nothing.
TEST(RecordPaddingTest, NoDatagramGoesBeyondTheMtu) {
  constexpr size_t kMtu = 300;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Sized sized;
    sized.client->padding_len = sized.server->padding_len = SIZE_MAX;
    sized.options.seed = seed;
    sized.options.client.mtu = sized.options.server.mtu = kMtu;
    sized.options.impairment.loss = 20;
    sized.options.impairment.mtu = kMtu;
    sized.options.server.handshake.server.require_cookie = seed % 2 == 0;
    AssociationPair pair(sized.options);
    ASSERT_TRUE(pair.RunUntilConnected()) << seed;
    EXPECT_TRUE(pair.DataFlowsBothWays()) << seed;
    for (const SentDatagram& sent : pair.link().log()) ASSERT_LE(sent.bytes.size(), kMtu) << seed;
  }
}

TEST(RecordPaddingTest, DataHasWhatTheMtuLeaves) {
  Sized sized;
  AssociationPair pair(sized.options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  Association& client = *pair.client().association;
  const size_t max_len = client.MaxPlaintext();
  Bytes out(4000);
  for (const size_t padding_len : {size_t{1}, size_t{100}, SIZE_MAX}) {
    // By a setting that changed behind the handshake.
    sized.client->padding_len = padding_len;
    for (const size_t content_len :
         {size_t{0}, size_t{1}, max_len - 100, max_len - 1, max_len, max_len + 1, size_t{2000}}) {
      size_t len = 0;
      ASSERT_EQ(client.Seal(Bytes(content_len), out, &len), SendResult::kSealed);
      const size_t left = content_len < max_len ? max_len - content_len : 0;
      EXPECT_EQ(len, content_len + client.SealOverhead() + std::min(left, padding_len));
    }
  }
  // What the caller has room for counts as well.
  size_t len = 0;
  ASSERT_EQ(client.Seal(Bytes(10), std::span(out).first(client.SealOverhead() + 15), &len),
            SendResult::kSealed);
  EXPECT_EQ(len, client.SealOverhead() + 15);
}

TEST(RecordPaddingTest, KeepsToThePeersLimit) {
  Sized sized;
  sized.client->padding_len = sized.server->padding_len = SIZE_MAX;
  sized.options.client.handshake.connection.record_size_limit = kClientLimit;
  sized.options.server.handshake.connection.record_size_limit = kServerLimit;
  AssociationPair pair(sized.options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.DataFlowsBothWays());
  pair.RunFor(seconds(10));
  EXPECT_EQ(LongestInnerPlaintext(pair, Direction::kServerToClient), kClientLimit);
  EXPECT_EQ(LongestInnerPlaintext(pair, Direction::kClientToServer), kServerLimit);
  EXPECT_FALSE(pair.client().failure.has_value());
  EXPECT_FALSE(pair.server().failure.has_value());
}

TEST(RecordSizeTest, EveryRecordKeepsToTheCallersOwn) {
  constexpr size_t kMaxLen = 100;
  Sized sized;
  sized.client->max_content_len = sized.server->max_content_len = kMaxLen;
  // The answer to a ClientHello that keeps no state is one record.
  sized.options.server.handshake.server.require_cookie = false;
  AssociationPair pair(sized.options);
  ASSERT_TRUE(pair.RunUntilConnected());
  pair.RunFor(seconds(5));
  for (const Direction direction : {Direction::kClientToServer, Direction::kServerToClient}) {
    size_t longest = 0;
    for (const SentRecord& record : RecordsOf(pair, direction)) {
      longest = std::max(longest, record.is_protected ? record.len - 1 : record.len);
    }
    EXPECT_EQ(longest, kMaxLen);
  }
  for (Side* side : {&pair.client(), &pair.server()}) {
    EXPECT_EQ(side->association->MaxPlaintext(), kMaxLen);
    EXPECT_TRUE(pair.Send(*side, std::string(kMaxLen, 'x')));
    Bytes out(2000);
    size_t len = 0;
    EXPECT_EQ(side->association->Seal(Bytes(kMaxLen + 1), out, &len), SendResult::kTooLarge);
  }
  // No wish is too small for a handshake message, and each may change.
  sized.client->max_content_len = 0;
  EXPECT_TRUE(pair.Send(pair.client(), std::string(kMinRecordSizeLimit, 'x')));
  EXPECT_FALSE(pair.Send(pair.client(), std::string(kMinRecordSizeLimit + 1, 'x')));
  pair.UpdateKeys(pair.client(), /*request_peer=*/true);
  pair.RunFor(seconds(5));
  sized.client->max_content_len = SIZE_MAX;
  EXPECT_TRUE(pair.Send(pair.client(), std::string(1000, 'x')));
  pair.RunFor(seconds(1));
  EXPECT_EQ(pair.server().received.size(), 3u);
}

}  // namespace
}  // namespace dtls13::sim
