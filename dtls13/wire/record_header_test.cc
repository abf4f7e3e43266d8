// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/record_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Bytes PlaintextBytes(size_t declared_len, size_t actual_len) {
  Bytes record = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7};
  record.push_back(static_cast<uint8_t>(declared_len >> 8));
  record.push_back(static_cast<uint8_t>(declared_len));
  record.resize(kPlaintextHeaderLen + actual_len, 0xab);
  return record;
}

TEST(ClassifyRecord, EveryFirstByte) {
  for (int byte = 0; byte < 256; ++byte) {
    //= rfc9147#section-4.1
    //= type=test
    //# *  If the first byte is alert(21), handshake(22), or ack(proposed,
    //#    26), the record MUST be interpreted as a DTLSPlaintext record.
    RecordKind expected = RecordKind::kInvalid;
    if (byte == 21 || byte == 22 || byte == 26) expected = RecordKind::kPlaintext;
    //= rfc9147#section-4.1
    //= type=test
    //# *  If the first byte is any other value, then receivers MUST check to
    //#    see if the leading bits of the first byte are 001.
    if (byte > 31 && byte < 64) expected = RecordKind::kCiphertext;
    EXPECT_EQ(ClassifyRecord(static_cast<uint8_t>(byte)), expected) << byte;
  }
}

TEST(PlaintextHeader, RoundTrip) {
  PlaintextHeader header;
  header.type = ContentType::kHandshake;
  header.epoch = 0x0102;
  header.sequence_number = {0x030405060708};
  header.fragment_len = 3;
  Bytes bytes(kPlaintextHeaderLen);
  WritePlaintextHeader(header, bytes);
  EXPECT_EQ(bytes, (Bytes{22, 0xfe, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3}));
  bytes.insert(bytes.end(), {0xa, 0xb, 0xc, 0xd});

  const auto record = ParsePlaintextRecord(bytes);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->header.type, ContentType::kHandshake);
  EXPECT_EQ(record->header.legacy_record_version, kDtls12Version);
  EXPECT_EQ(record->header.epoch, 0x0102);
  EXPECT_EQ(record->header.sequence_number.value, 0x030405060708u);
  EXPECT_EQ(record->fragment.data(), bytes.data() + kPlaintextHeaderLen);
  EXPECT_EQ(record->fragment.size(), 3u);
  EXPECT_EQ(record->record_len, 16u);
}

//= rfc8446#section-5.1
//= type=test
//# This field is deprecated and MUST be ignored for all purposes.
//= rfc8446#appendix-D
//= type=test
//# The value of TLSPlaintext.legacy_record_version MUST be ignored by all
//# implementations.
//= rfc8446#appendix-D.2
//= type=test
//# its value MUST always be ignored.
TEST(PlaintextHeader, IgnoresLegacyVersion) {
  //= rfc9147#section-4
  //= type=test
  //# It MUST be ignored for all
  //# purposes.
  Bytes bytes = PlaintextBytes(2, 2);
  bytes[1] = 0x13;
  bytes[2] = 0x37;
  ASSERT_TRUE(ParsePlaintextRecord(bytes));
}

TEST(PlaintextHeader, RejectsWhatIsCutShort) {
  const Bytes whole = PlaintextBytes(5, 5);
  for (size_t len = 0; len < whole.size(); ++len) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(len));
    EXPECT_FALSE(ParsePlaintextRecord(cut)) << len;
    EXPECT_EQ(RecordExtent(cut, 0), 0u) << len;
  }
}

TEST(PlaintextHeader, BoundsTheFragment) {
  Bytes largest = PlaintextBytes(kMaxPlaintextLen, kMaxPlaintextLen);
  EXPECT_TRUE(ParsePlaintextRecord(largest));
  Bytes too_large = PlaintextBytes(kMaxPlaintextLen + 1, kMaxPlaintextLen + 10);
  EXPECT_FALSE(ParsePlaintextRecord(too_large));
  // What follows an oversized record can still be found.
  EXPECT_EQ(RecordExtent(too_large, 0), kPlaintextHeaderLen + kMaxPlaintextLen + 1);
}

struct Form {
  size_t connection_id_len;
  bool has_connection_id;
  bool long_number;
  bool has_length;
};

std::vector<Form> EveryForm() {
  std::vector<Form> forms;
  for (size_t connection_id_len : {0, 1, 8, 255}) {
    for (bool long_number : {false, true}) {
      for (bool has_length : {false, true}) {
        forms.push_back({connection_id_len, connection_id_len != 0, long_number, has_length});
      }
    }
  }
  return forms;
}

TEST(UnifiedHeader, EveryFormAndEpochRoundTrips) {
  for (const Form& form : EveryForm()) {
    for (uint8_t epoch_bits = 0; epoch_bits < 4; ++epoch_bits) {
      const Bytes connection_id(form.connection_id_len, 0xc1);
      CiphertextHeader header;
      header.epoch_bits = {epoch_bits};
      header.number =
          form.long_number ? TruncatedSequenceNumber{0xbeef, 16} : TruncatedSequenceNumber{0xef, 8};
      header.has_connection_id = form.has_connection_id;
      header.connection_id = connection_id;
      header.has_length = form.has_length;
      const size_t header_len = CiphertextHeaderLen(header);
      EXPECT_LE(header_len, kMaxCiphertextHeaderLen);

      Bytes datagram(header_len + 17, 0xee);
      const size_t number_offset = WriteCiphertextHeader(header, 17, datagram);
      EXPECT_EQ(ClassifyRecord(datagram[0]), RecordKind::kCiphertext);

      const auto record = ParseCiphertextRecord(datagram, form.connection_id_len);
      ASSERT_TRUE(record);
      EXPECT_EQ(record->header.epoch_bits, header.epoch_bits);
      EXPECT_EQ(record->header.number, header.number);
      EXPECT_EQ(record->header.has_connection_id, header.has_connection_id);
      EXPECT_EQ(record->header.has_length, header.has_length);
      EXPECT_EQ(Bytes(record->header.connection_id.begin(), record->header.connection_id.end()),
                connection_id);
      EXPECT_EQ(record->number_offset, number_offset);
      EXPECT_EQ(record->header_bytes.data(), datagram.data());
      EXPECT_EQ(record->header_bytes.size(), header_len);
      EXPECT_EQ(record->encrypted_record.data(), datagram.data() + header_len);
      EXPECT_EQ(record->encrypted_record.size(), 17u);
      EXPECT_EQ(record->record_len, datagram.size());
      EXPECT_EQ(RecordExtent(datagram, form.connection_id_len), datagram.size());
      EXPECT_EQ(NumberSample(datagram, form.connection_id_len), datagram.data() + header_len);
      const auto too_short = std::span(datagram).first(header_len + kMinCiphertextLen - 1);
      EXPECT_EQ(NumberSample(too_short, form.connection_id_len), nullptr);
    }
  }
}

TEST(UnifiedHeader, BytesOfFigure4) {
  CiphertextHeader full;
  full.epoch_bits = {3};
  full.number = {0x1234, 16};
  Bytes full_bytes(5);
  EXPECT_EQ(WriteCiphertextHeader(full, 0x0210, full_bytes), 1u);
  EXPECT_EQ(full_bytes, (Bytes{0x2f, 0x12, 0x34, 0x02, 0x10}));

  CiphertextHeader minimal;
  minimal.epoch_bits = {2};
  minimal.number = {0x34, 8};
  minimal.has_length = false;
  Bytes minimal_bytes(2);
  EXPECT_EQ(WriteCiphertextHeader(minimal, 99, minimal_bytes), 1u);
  EXPECT_EQ(minimal_bytes, (Bytes{0x22, 0x34}));
}

TEST(UnifiedHeader, LengthDelimitsTheRecord) {
  Bytes datagram = {0x2c, 0x00, 0x01, 0x00, 0x10};
  datagram.resize(5 + 16 + 9);
  const auto record = ParseCiphertextRecord(datagram, 0);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->encrypted_record.size(), 16u);
  EXPECT_EQ(record->record_len, 21u);
}

TEST(UnifiedHeader, WithoutLengthTakesTheRestOfTheDatagram) {
  //= rfc9147#section-4
  //= type=test
  //# The length field MAY be omitted by clearing the L bit, which means
  //# that the record consumes the entire rest of the datagram in the lower
  //# level transport.
  Bytes datagram = {0x20, 0x01};
  datagram.resize(2 + 300);
  const auto record = ParseCiphertextRecord(datagram, 0);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->encrypted_record.size(), 300u);
}

TEST(UnifiedHeader, RejectsLengthPastTheDatagram) {
  Bytes datagram = {0x2c, 0x00, 0x01, 0x00, 0x11};
  datagram.resize(5 + 16);
  EXPECT_FALSE(ParseCiphertextRecord(datagram, 0));
  EXPECT_EQ(RecordExtent(datagram, 0), 0u);
}

TEST(UnifiedHeader, RejectsWhatIsCutShort) {
  for (uint8_t flags = 0x20; flags < 0x40; ++flags) {
    const size_t header_len =
        1 + ((flags & 0x10) ? 4 : 0) + ((flags & 0x08) ? 2 : 1) + ((flags & 0x04) ? 2 : 0);
    for (size_t len = 1; len < header_len; ++len) {
      Bytes datagram(len);
      datagram[0] = flags;
      EXPECT_FALSE(ParseCiphertextRecord(datagram, 4));
      EXPECT_EQ(RecordExtent(datagram, 4), 0u);
    }
  }
}

TEST(UnifiedHeader, F18RejectsCiphertextUnder16Bytes) {
  //= rfc9147#section-4.2.3
  //= type=test
  //# This procedure requires the ciphertext length to be at least 16
  //# bytes.  Receivers MUST reject shorter records as if they had failed
  //# deprotection, as described in Section 4.5.2.
  for (size_t len = 0; len < kMinCiphertextLen; ++len) {
    Bytes without_length = {0x20, 0x01};
    without_length.resize(2 + len);
    EXPECT_FALSE(ParseCiphertextRecord(without_length, 0)) << len;
    Bytes with_length = {0x24, 0x01, 0x00, static_cast<uint8_t>(len)};
    with_length.resize(4 + len + 40);
    EXPECT_FALSE(ParseCiphertextRecord(with_length, 0)) << len;
    EXPECT_EQ(RecordExtent(with_length, 0), 4 + len);
  }
  Bytes just_enough = {0x20, 0x01};
  just_enough.resize(2 + kMinCiphertextLen);
  EXPECT_TRUE(ParseCiphertextRecord(just_enough, 0));
}

//= rfc8446#section-5.2
//= type=test
//# The length MUST NOT exceed 2^14 + 256 bytes.
TEST(UnifiedHeader, BoundsTheCiphertext) {
  Bytes largest = {0x20, 0x01};
  largest.resize(2 + kMaxCiphertextLen);
  EXPECT_TRUE(ParseCiphertextRecord(largest, 0));
  largest.push_back(0);
  EXPECT_FALSE(ParseCiphertextRecord(largest, 0));
}

TEST(RecordExtent, StepsOverEarlierVersionsContentTypes) {
  for (uint8_t type = 0; type < 32; ++type) {
    Bytes datagram = PlaintextBytes(5, 9);
    datagram[0] = type;
    const bool known = (type >= 20 && type <= 24) || type == 26;
    EXPECT_EQ(RecordExtent(datagram, 0), known ? kPlaintextHeaderLen + 5 : 0u) << int{type};
  }
  EXPECT_EQ(RecordExtent(Bytes(64, 0xff), 0), 0u);
  EXPECT_EQ(RecordExtent({}, 0), 0u);
}

Bytes WithConnectionId(const Bytes& connection_id) {
  Bytes record = {0x3e};  // C, S and L set, epoch 2
  record.resize(1 + connection_id.size());
  std::copy(connection_id.begin(), connection_id.end(), record.begin() + 1);
  for (const uint8_t byte : {0x00, 0x01, 0x00, 0x10}) record.push_back(byte);
  record.resize(record.size() + 16);
  return record;
}

Bytes Joined(Bytes first, const Bytes& second) {
  for (const uint8_t byte : second) first.push_back(byte);
  return first;
}

Bytes Found(const Bytes& datagram, size_t connection_id_len) {
  const auto found = FindConnectionId(datagram, connection_id_len);
  return found ? Bytes(found->begin(), found->end()) : Bytes();
}

TEST(FindConnectionId, InTheFirstProtectedRecord) {
  const Bytes ours = {1, 2, 3, 4};
  const Bytes record = WithConnectionId(ours);
  EXPECT_EQ(Found(record, 4), ours);
  EXPECT_EQ(Found(Joined(record, WithConnectionId({5, 6, 7, 8})), 4), ours);
  // Behind a ServerHello, and behind records of another version's types.
  Bytes older = PlaintextBytes(5, 5);
  older[0] = 20;
  EXPECT_EQ(Found(Joined(PlaintextBytes(5, 5), record), 4), ours);
  EXPECT_EQ(Found(Joined(Joined(older, PlaintextBytes(0, 0)), record), 4), ours);
}

TEST(FindConnectionId, NothingToFind) {
  const Bytes record = WithConnectionId({1, 2, 3, 4});
  EXPECT_FALSE(FindConnectionId(record, 0));
  EXPECT_FALSE(FindConnectionId({}, 4));
  EXPECT_FALSE(FindConnectionId(PlaintextBytes(5, 5), 4));
  EXPECT_FALSE(FindConnectionId(PlaintextBytes(6, 5), 4));  // its end is not there
  EXPECT_FALSE(FindConnectionId(Bytes(40, 0xff), 4));
  // A protected record without one hides what comes behind: it is not of an association that
  // expects one.
  Bytes without = {0x2e, 0x00, 0x01, 0x00, 0x10};
  without.resize(5 + 16);
  EXPECT_FALSE(FindConnectionId(Joined(without, record), 4));
  for (size_t len = 0; len < 5; ++len) {
    EXPECT_FALSE(FindConnectionId(std::span(record).first(len), 4)) << len;
  }
  EXPECT_TRUE(FindConnectionId(std::span(record).first(5), 4));
}

}  // namespace
}  // namespace dtls13
