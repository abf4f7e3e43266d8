// SPDX-License-Identifier: Apache-2.0
// The headers of draft-ietf-tls-dtls13-26, byte for byte as its section 4 draws them.

#include "dtls13/wire/draft26_record_header.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Bytes HeaderBytes(Epoch epoch, uint64_t number, bool is_short, size_t encrypted_len) {
  const CiphertextHeader header = Draft26Header(epoch, SequenceNumber{number}, is_short);
  Bytes bytes(CiphertextHeaderLen(header, kDraft26Profile));
  WriteCiphertextHeader(header, encrypted_len, bytes, kDraft26Profile);
  return bytes;
}

Bytes WithContent(Bytes header, size_t len) {
  header.resize(header.size() + len, 0xee);
  return header;
}

TEST(Draft26Header, ClassifiesEveryFirstByte) {
  for (int byte = 0; byte < 256; ++byte) {
    RecordKind expected = RecordKind::kInvalid;
    //= draft-ietf-tls-dtls13-26#section-4.1.1
    //= type=test
    //# If the first byte is alert(21), handshake(22), or ack(proposed, 25),
    //# the record MUST be interpreted as a DTLSPlaintext record.
    if (byte == 21 || byte == 22 || byte == 25) expected = RecordKind::kPlaintext;
    //= draft-ietf-tls-dtls13-26#section-4.1.1
    //= type=test
    //# If the
    //# first byte is application_data(23) then the record MUST be
    //# interpreted handled as DTLSCiphertext; the true content type will be
    //# inside the protected portion.
    if (byte == 23) expected = RecordKind::kCiphertext;
    //= draft-ietf-tls-dtls13-26#section-4.1.1
    //= type=test
    //# If the first byte is any other other value, then receivers
    //# MUST check to see if the leading bits of the first byte are
    //# 001. If so, they MUST process the record as DTLSShortCiphertext.
    if (byte >> 5 == 1) expected = RecordKind::kCiphertext;
    EXPECT_EQ(ClassifyRecord(static_cast<uint8_t>(byte), kDraft26Profile), expected) << byte;
  }
}

// struct { ContentType opaque_type = 23; uint32 epoch_and_sequence; uint16 length; ... }
TEST(Draft26Header, BytesOfDtlsCiphertext) {
  EXPECT_EQ(HeaderBytes({0}, 0, false, 0x0102), (Bytes{23, 0x00, 0x00, 0x00, 0x00, 0x01, 0x02}));
  EXPECT_EQ(HeaderBytes({2}, 1, false, 0x10), (Bytes{23, 0x80, 0x00, 0x00, 0x01, 0x00, 0x10}));
  EXPECT_EQ(HeaderBytes({3}, 0x3fffffff, false, 0x4100),
            (Bytes{23, 0xff, 0xff, 0xff, 0xff, 0x41, 0x00}));
  // The low order two bits of the epoch and the low order 30 bits of the sequence number.
  EXPECT_EQ(HeaderBytes({5}, 0x1'0000'0000 + 0x12345678, false, 0x20),
            (Bytes{23, 0x52, 0x34, 0x56, 0x78, 0x00, 0x20}));
}

// 001ESSSS SSSSSSSS
TEST(Draft26Header, BytesOfDtlsShortCiphertext) {
  EXPECT_EQ(HeaderBytes({3}, 0, true, 99), (Bytes{0x30, 0x00}));
  EXPECT_EQ(HeaderBytes({3}, 0xabc, true, 99), (Bytes{0x3a, 0xbc}));
  EXPECT_EQ(HeaderBytes({4}, 0x7fff, true, 99), (Bytes{0x2f, 0xff}));
}

//= draft-ietf-tls-dtls13-26#section-4
//= type=test
//# DTLSShortCiphertext MUST only be used for data which is protected with
//# one of the application_traffic_secret values, and not for messages
//# protected with either [sender]_handshake_traffic_sercret or
//# [sender]_early_traffic_secret values.
TEST(Draft26Header, IsShortForApplicationDataAlone) {
  for (uint64_t epoch = 1; epoch < 8; ++epoch) {
    const Bytes bytes = HeaderBytes({epoch}, 7, true, 16);
    EXPECT_EQ(bytes.size(), epoch < 3 ? kDraft26LongHeaderLen : kDraft26ShortHeaderLen) << epoch;
  }
}

TEST(Draft26Header, EveryFormAndEpochRoundTrips) {
  for (uint64_t epoch = 3; epoch < 9; ++epoch) {
    for (const bool is_short : {false, true}) {
      for (const uint64_t number :
           {0ull, 1ull, 0xfffull, 0x1000ull, 0x3fffffffull, 0x40000000ull}) {
        Bytes datagram = WithContent(HeaderBytes({epoch}, number, is_short, 17), 17);
        const auto record = ParseCiphertextRecord(datagram, 0, kDraft26Profile);
        ASSERT_TRUE(record);
        EXPECT_TRUE(record->header.epoch_bits.Match(Epoch{epoch}));
        EXPECT_FALSE(record->header.epoch_bits.Match(Epoch{epoch + 1}));
        EXPECT_EQ(record->header.number, TruncatedSequenceNumber::Of({number}, is_short ? 12 : 30));
        EXPECT_EQ(record->header.has_length, !is_short);
        EXPECT_FALSE(record->header.has_connection_id);
        EXPECT_EQ(record->encrypted_record.data(), &datagram[record->header_bytes.size()]);
        EXPECT_EQ(record->encrypted_record.size(), 17u);
        EXPECT_EQ(record->record_len, datagram.size());
        EXPECT_EQ(RecordExtent(datagram, 0, kDraft26Profile), datagram.size());
      }
    }
  }
}

TEST(Draft26Header, ALengthDelimitsAndItsLackTakesTheRest) {
  Bytes several = WithContent(HeaderBytes({2}, 5, false, 20), 20 + 30);
  EXPECT_EQ(ParseCiphertextRecord(several, 0, kDraft26Profile)->record_len, 27u);
  Bytes last = WithContent(HeaderBytes({3}, 5, true, 20), 50);
  EXPECT_EQ(ParseCiphertextRecord(last, 0, kDraft26Profile)->record_len, 52u);
}

TEST(Draft26Header, RejectsWhatIsCutShortOrTooLong) {
  const Bytes whole = WithContent(HeaderBytes({3}, 5, false, 16), 16);
  for (size_t len = 0; len < whole.size(); ++len) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len));
    EXPECT_FALSE(ParseCiphertextRecord(cut, 0, kDraft26Profile)) << len;
    EXPECT_EQ(RecordExtent(cut, 0, kDraft26Profile), 0u) << len;
  }
  for (size_t len = 0; len < kMinCiphertextLen; ++len) {
    Bytes too_short = WithContent(HeaderBytes({3}, 5, true, 0), len);
    EXPECT_FALSE(ParseCiphertextRecord(too_short, 0, kDraft26Profile)) << len;
  }
  Bytes largest = WithContent(HeaderBytes({3}, 5, true, 0), kMaxCiphertextLen);
  EXPECT_TRUE(ParseCiphertextRecord(largest, 0, kDraft26Profile));
  largest.push_back(0);
  EXPECT_FALSE(ParseCiphertextRecord(largest, 0, kDraft26Profile));
}

// What looks like a Connection ID of RFC 9147 is an epoch's bit.
TEST(Draft26Header, HasNoConnectionIds) {
  Bytes datagram = WithContent(HeaderBytes({3}, 5, true, 0), 40);
  EXPECT_TRUE(HasConnectionId(datagram[0]));
  EXPECT_FALSE(HasConnectionId(datagram[0], kDraft26Profile));
  EXPECT_FALSE(FindConnectionId(datagram, 4, kDraft26Profile));
}

}  // namespace
}  // namespace dtls13
