// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/record_layer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr Epoch kEpoch = kFirstApplicationEpoch;

class EverySuite : public ::testing::TestWithParam<CipherSuite> {};

//= rfc9147#section-4.1
//= type=test
//# If so, the implementation MUST process the record as DTLSCiphertext; the
//# true content type will be inside the protected portion.
//= rfc8446#section-5.1
//= type=test
//# Zero-length fragments of Application Data MAY be sent,
TEST_P(EverySuite, EveryFormLengthAndTypeRoundTrips) {
  for (const HeaderForm form : kEveryForm) {
    RecordPair pair(GetParam());
    pair.Install(kEpoch);
    uint64_t number = 0;
    for (const size_t len : {size_t{0}, size_t{1}, size_t{15}, size_t{16}, size_t{17}, size_t{255},
                             size_t{1200}, kMaxPlaintextLen}) {
      for (const ContentType type : {ContentType::kAlert, ContentType::kHandshake,
                                     ContentType::kApplicationData, ContentType::kAck}) {
        Bytes content(len);
        for (size_t i = 0; i < len; ++i) content[i] = static_cast<uint8_t>(i * 7 + number);
        const Bytes record = SealBytes(&pair.sender, kEpoch, type, content, form);
        ASSERT_EQ(record.size(), len + pair.sender.Overhead(kEpoch, form));
        EXPECT_EQ(OpenAll(&pair.receiver, record),
                  (std::vector<Accepted>{{{kEpoch, {number}}, type, content}}));
        ++number;
      }
    }
    EXPECT_EQ(NumDropped(pair.receiver), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, EverySuite, ::testing::ValuesIn(kCipherSuites),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RecordLayer, OverheadOfEachForm) {
  RecordLayer layer(DefaultAlgorithms(), kRfc9147Profile);
  EXPECT_EQ(layer.Overhead(kPlaintextEpoch, kLongForm), 13u);
  EXPECT_EQ(layer.Overhead(kEpoch, kLongForm), 5u + 17u);
  EXPECT_EQ(layer.Overhead(kEpoch, {.has_length = false, .short_number = false}), 3u + 17u);
  EXPECT_EQ(layer.Overhead(kEpoch, {.has_length = true, .short_number = true}), 4u + 17u);
  EXPECT_EQ(layer.Overhead(kEpoch, kShortForm), 2u + 17u);
}

//= rfc9147#section-4.2.3
//= type=test
//# Senders MUST pad short
//# plaintexts out (using the conventional record padding mechanism) in
//# order to make a suitable-length ciphertext.
TEST(RecordLayer, EmptyContentStillMakesASample) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes record = SealBytes(&pair.sender, kEpoch, ContentType::kAck, {}, kShortForm);
  EXPECT_GE(record.size() - 2, kMinCiphertextLen);
}

//= rfc9147#section-4
//= type=test
//# legacy_record_version:  This value MUST be set to {254, 253} for all
//# records other than the initial ClientHello (i.e., one not
//# generated after a HelloRetryRequest), where it may also be {254,
//# 255} for compatibility purposes.
//= rfc8446#appendix-D.5
//= type=test
//# Implementations MUST NOT send any records with a version less than
//# 0x0300.
TEST(RecordLayer, PlaintextBytes) {
  RecordPair pair;
  const Bytes first = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9});
  EXPECT_EQ(first, (Bytes{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9}));
  const Bytes second =
      SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kAlert, Bytes{2, 40}, kShortForm);
  EXPECT_EQ(second, (Bytes{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40}));
  EXPECT_EQ(OpenAll(&pair.receiver, Concatenate({first, second})),
            (std::vector<Accepted>{{{{0}, {0}}, ContentType::kHandshake, {9}},
                                   {{{0}, {1}}, ContentType::kAlert, {2, 40}}}));
}

//= rfc8446#section-5.1
//= type=test
//# Note that Application Data records MUST NOT be written to the wire
//# unprotected (see Section 2 for details).
TEST(RecordLayer, SealsNoApplicationDataInTheClear) {
  RecordPair pair;
  for (const ContentType type :
       {ContentType::kApplicationData, ContentType::kChangeCipherSpec, ContentType::kInvalid}) {
    EXPECT_TRUE(SealBytes(&pair.sender, kPlaintextEpoch, type, Bytes{1}).empty());
  }
  const Bytes ack = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kAck, Bytes{0, 0});
  EXPECT_EQ(OpenAll(&pair.receiver, ack),
            (std::vector<Accepted>{{{{0}, {0}}, ContentType::kAck, {0, 0}}}));
}

TEST(RecordLayer, StatelessServerContinuesItsClientsNumbers) {
  RecordPair pair;
  pair.sender.MirrorPlaintextNumber({0x010203});
  Bytes record = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9});
  EXPECT_EQ(Bytes(record.begin() + 5, record.begin() + 11), (Bytes{0, 0, 0, 1, 2, 3}));
  record = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9});
  EXPECT_EQ(Bytes(record.begin() + 5, record.begin() + 11), (Bytes{0, 0, 0, 1, 2, 4}));
  // What a forger made it skip does not count for the next client.
  pair.sender.MirrorPlaintextNumber({1});
  record = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9});
  EXPECT_EQ(Bytes(record.begin() + 5, record.begin() + 11), (Bytes{0, 0, 0, 0, 0, 1}));
}

//= rfc9147#section-4
//= type=test
//# Plaintext records MUST NOT
//# be sent with sequence numbers that would exceed 2^48-1, so the
//# upper 16 bits will always be 0.
TEST(RecordLayer, PlaintextNumbersEnd) {
  RecordPair pair;
  pair.sender.MirrorPlaintextNumber({(uint64_t{1} << 48) - 1});
  const Bytes last = SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9});
  EXPECT_EQ(OpenAll(&pair.receiver, last).size(), 1u);
  EXPECT_TRUE(SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes{9}).empty());
}

//= rfc9147#section-4
//= type=test
//# As with previous versions of DTLS, multiple DTLSPlaintext and
//# DTLSCiphertext records can be included in the same underlying
//# transport datagram.
TEST(RecordLayer, SeveralRecordsInOneDatagram) {
  RecordPair pair;
  pair.Install(kHandshakeEpoch);
  pair.Install(kEpoch);
  const Bytes datagram = Concatenate({
      SealBytes(&pair.sender, kPlaintextEpoch, ContentType::kHandshake, ToBytes("hello")),
      SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kHandshake, ToBytes("extensions"),
                {.has_length = true, .short_number = true}),
      SealBytes(&pair.sender, kHandshakeEpoch, ContentType::kHandshake, ToBytes("finished")),
      SealBytes(&pair.sender, kEpoch, ContentType::kApplicationData, ToBytes("data"), kShortForm),
  });
  EXPECT_EQ(OpenAll(&pair.receiver, datagram),
            (std::vector<Accepted>{
                {{kPlaintextEpoch, {0}}, ContentType::kHandshake, ToBytes("hello")},
                {{kHandshakeEpoch, {0}}, ContentType::kHandshake, ToBytes("extensions")},
                {{kHandshakeEpoch, {1}}, ContentType::kHandshake, ToBytes("finished")},
                {{kEpoch, {0}}, ContentType::kApplicationData, ToBytes("data")}}));
}

TEST(RecordLayer, ContentViewsTheDatagram) {
  RecordPair pair;
  pair.Install(kEpoch);
  Bytes datagram =
      SealBytes(&pair.sender, kEpoch, ContentType::kApplicationData, ToBytes("in place"));
  std::span<uint8_t> rest(datagram);
  const auto record = pair.receiver.OpenNext(&rest);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->content.data(), datagram.data() + 5);
}

TEST(RecordLayer, SealsContentThatLiesInPlace) {
  for (const Epoch epoch : {kPlaintextEpoch, kEpoch}) {
    RecordPair pair;
    pair.Install(kEpoch);
    RecordPair other;
    other.Install(kEpoch);
    const Bytes content = ToBytes("written straight into the datagram");
    Bytes out(content.size() + pair.sender.Overhead(epoch, kLongForm));
    const size_t at = epoch == kPlaintextEpoch ? kPlaintextHeaderLen : 5;
    std::copy(content.begin(), content.end(), out.begin() + static_cast<ptrdiff_t>(at));
    RecordNumber number;
    ASSERT_EQ(pair.sender.Seal(epoch, ContentType::kHandshake,
                               std::span(out).subspan(at, content.size()), kLongForm, out, &number),
              out.size());
    EXPECT_EQ(out, SealBytes(&other.sender, epoch, ContentType::kHandshake, content));
    EXPECT_EQ(number, (RecordNumber{epoch, {0}}));
  }
}

TEST(RecordLayer, SealWritesNothingBehindTheRecord) {
  RecordPair pair;
  pair.Install(kEpoch);
  Bytes out(100, 0xee);
  RecordNumber number;
  const size_t len = pair.sender.Seal(kEpoch, ContentType::kApplicationData, ToBytes("abc"),
                                      kLongForm, out, &number);
  ASSERT_EQ(len, 25u);
  EXPECT_TRUE(std::all_of(out.begin() + 25, out.end(), [](uint8_t b) { return b == 0xee; }));
}

//= rfc9147#section-4.4
//= type=test
//# However, the upper layer protocol MUST NOT write any record that exceeds
//# the maximum record size of 2^14 bytes.
//= rfc8446#section-5.1
//= type=test
//# The length MUST NOT exceed 2^14 bytes.
//= rfc8446#section-5.4
//= type=test
//# the full encoded TLSInnerPlaintext MUST NOT exceed 2^14
TEST(RecordLayer, RefusedSealsTakeNoNumber) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes content(100);
  Bytes out(kMaxPlaintextLen + 100);
  RecordNumber number;
  auto seal = [&](Epoch epoch, std::span<const uint8_t> content, size_t out_len) {
    return pair.sender.Seal(epoch, ContentType::kHandshake, content, kLongForm,
                            std::span(out).first(out_len), &number);
  };
  EXPECT_EQ(seal(kEpoch, content, 121), 0u);
  EXPECT_EQ(seal(kHandshakeEpoch, content, out.size()), 0u);
  EXPECT_EQ(seal(Epoch{7}, content, out.size()), 0u);
  EXPECT_EQ(seal(kEpoch, Bytes(kMaxPlaintextLen + 1), out.size()), 0u);
  EXPECT_EQ(seal(kPlaintextEpoch, content, 112), 0u);
  EXPECT_EQ(seal(kEpoch, content, 122), 122u);
  EXPECT_EQ(number, (RecordNumber{kEpoch, {0}}));
  EXPECT_EQ(seal(kPlaintextEpoch, content, 113), 113u);
  EXPECT_EQ(number, (RecordNumber{kPlaintextEpoch, {0}}));
}

//= rfc8446#section-5.4
//= type=test
//# The presence of padding does not change the overall record size
//# limitations: the full encoded TLSInnerPlaintext MUST NOT exceed 2^14
TEST(RecordLayer, PaddingCountsInARecordsSize) {
  RecordPair pair;
  pair.Install(kEpoch);
  Bytes out(kMaxPlaintextLen + 100);
  RecordNumber number;
  auto seal = [&](size_t content_len, size_t padding_len, size_t out_len) {
    return pair.sender.Seal(kEpoch, ContentType::kApplicationData, Bytes(content_len, 0x5a),
                            kLongForm, std::span(out).first(out_len), &number, padding_len);
  };
  EXPECT_EQ(seal(kMaxPlaintextLen, 1, out.size()), 0u);
  EXPECT_EQ(seal(100, kMaxPlaintextLen - 99, out.size()), 0u);
  EXPECT_EQ(seal(100, SIZE_MAX, out.size()), 0u);
  EXPECT_EQ(seal(100, 10, 131), 0u);
  EXPECT_EQ(pair.sender.Seal(kPlaintextEpoch, ContentType::kHandshake, Bytes(5), kLongForm, out,
                             &number, /*padding_len=*/1),
            0u);
  EXPECT_EQ(seal(100, 10, 132), 132u);
  EXPECT_EQ(number, (RecordNumber{kEpoch, {0}}));
  for (const size_t content_len : {size_t{0}, size_t{100}, kMaxPlaintextLen}) {
    const size_t len = seal(content_len, kMaxPlaintextLen - content_len, out.size());
    ASSERT_EQ(len, 5u + kMaxPlaintextLen + 17u);
    const auto accepted = OpenAll(&pair.receiver, Bytes(out.begin(), out.begin() + len));
    ASSERT_EQ(accepted.size(), 1u);
    EXPECT_EQ(accepted[0].content, Bytes(content_len, 0x5a));
  }
}

TEST(RecordLayer, PadsContentThatLiesInItsPlace) {
  RecordPair pair;
  pair.Install(kEpoch);
  for (const size_t content_len : {size_t{3}, size_t{1000}}) {
    Bytes out(5 + content_len + 17 + 40, 0xee);
    std::fill_n(out.begin() + 5, content_len, uint8_t{0x5a});
    RecordNumber number;
    ASSERT_EQ(pair.sender.Seal(kEpoch, ContentType::kApplicationData,
                               std::span(out).subspan(5, content_len), kLongForm, out, &number,
                               /*padding_len=*/40),
              out.size());
    const auto accepted = OpenAll(&pair.receiver, out);
    ASSERT_EQ(accepted.size(), 1u);
    EXPECT_EQ(accepted[0].content, Bytes(content_len, 0x5a));
  }
}

// F14: each record arrives, and carries the number it was given, over both boundaries.
// The length field has no part in it.
constexpr HeaderForm kNumberForms[] = {kLongForm, kShortForm};

class F14Boundaries : public ::testing::TestWithParam<HeaderForm> {};

TEST_P(F14Boundaries, EveryRecordTo131072) {
  RecordPair pair;
  pair.Install(kEpoch);
  const Bytes content = {1, 2, 3};
  Bytes datagram(64);
  for (uint64_t expected = 0; expected <= 131073; ++expected) {
    RecordNumber sealed;
    const size_t len = pair.sender.Seal(kEpoch, ContentType::kApplicationData, content, GetParam(),
                                        datagram, &sealed);
    ASSERT_EQ(sealed.sequence_number.value, expected);
    std::span<uint8_t> rest = std::span(datagram).first(len);
    const auto opened = pair.receiver.OpenNext(&rest);
    ASSERT_TRUE(opened) << expected;
    ASSERT_EQ(opened->number, sealed);
  }
}

// F14: the boundary itself is lost, and what came before it arrives after it.
TEST_P(F14Boundaries, LossAndReorderingAcrossThem) {
  // With the 80 numbers around the boundary, still within half of a truncated number's range.
  const uint64_t step = GetParam().short_number ? 40 : 32000;
  for (const uint64_t boundary : {uint64_t{256}, uint64_t{65536}, uint64_t{131072}}) {
    RecordPair pair;
    pair.Install(kEpoch);
    auto arrives = [&](uint64_t number) {
      const Bytes record = SealInner(pair.suite, {kEpoch, {number}}, Bytes{1, 23}, GetParam());
      const auto accepted = OpenAll(&pair.receiver, record);
      return accepted.size() == 1 && accepted[0].number.sequence_number.value == number;
    };
    for (uint64_t number = 0; number < boundary - 40; number += step) ASSERT_TRUE(arrives(number));
    for (uint64_t number = boundary + 40; number >= boundary - 40; --number) {
      EXPECT_TRUE(arrives(number)) << number;
      if (number == boundary + 1) --number;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, F14Boundaries, ::testing::ValuesIn(kNumberForms),
                         [](const auto& info) {
                           return std::string(info.param.short_number ? "Bits8" : "Bits16");
                         });

//= rfc9147#section-4
//= type=test
//# Implementations
//# MAY mix sequence numbers of different lengths on the same
//# connection.
//= rfc9147#section-4
//= type=test
//# Implementations MAY mix records with and without length fields on the
//# same connection.
TEST(RecordLayer, FormsMayBeMixed) {
  RecordPair pair;
  pair.Install(kEpoch);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(pair.Send(kEpoch, kEveryForm[i * 7 % 4])) << i;
}

//= rfc9147#section-4.5.3
//= type=test
//# Implementations SHOULD
//# NOT protect more records than allowed by the limit specified for the
//# negotiated AEAD.
TEST(RecordLayer, ConfidentialityLimit) {
  CipherSuite suite = TestSuite();
  suite.confidentiality_limit = 16;
  RecordPair pair(suite);
  pair.Install(kEpoch);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(pair.sender.NearConfidentialityLimit(kEpoch, /*jitter=*/0), i >= 14) << i;
    EXPECT_TRUE(pair.Send(kEpoch));
  }
  EXPECT_TRUE(pair.sender.NearConfidentialityLimit(kEpoch, /*jitter=*/0));
  EXPECT_FALSE(pair.Send(kEpoch));
  // New keys count anew.
  pair.Install(kEpoch.Next());
  EXPECT_FALSE(pair.sender.NearConfidentialityLimit(kEpoch.Next(), /*jitter=*/0));
  EXPECT_TRUE(pair.Send(kEpoch.Next()));
  EXPECT_FALSE(pair.sender.NearConfidentialityLimit(Epoch{9}, /*jitter=*/0));
}

TEST(RecordLayer, InstallFailsWithoutASecret) {
  RecordLayer layer(DefaultAlgorithms(), kRfc9147Profile);
  EXPECT_FALSE(layer.InstallReadKeys(kEpoch, TestSuite(), Secret()));
  EXPECT_FALSE(layer.InstallWriteKeys(kEpoch, TestSuite(), Secret()));
  EXPECT_FALSE(layer.CanRead(kEpoch));
  EXPECT_FALSE(layer.CanWrite(kEpoch));
}

// An idle association pays for this object and for each epoch it keeps, apart from libcrypto.
TEST(RecordLayer, Memory) {
  EXPECT_LE(sizeof(RecordLayer), 328u);
  EXPECT_LE(sizeof(ReadEpoch), 152u);
  EXPECT_LE(sizeof(WriteEpoch), 112u);
}

}  // namespace
}  // namespace dtls13
