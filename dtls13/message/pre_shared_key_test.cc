// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/pre_shared_key.h"

#include <gtest/gtest.h>

#include "dtls13/wire/alert.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

std::vector<OfferedPskFields> TwoPsks() {
  return {{.identity = {1, 2, 3}, .obfuscated_ticket_age = 0xfedcba98, .binder_len = 32},
          {.identity = {4}, .obfuscated_ticket_age = 7, .binder_len = 48}};
}

Bytes Write(const std::vector<OfferedPskFields>& psks) {
  Bytes out;
  ByteWriter writer(&out);
  WriteOfferedPsks(&writer, psks);
  EXPECT_TRUE(writer.ok());
  return out;
}

Status Parse(const Bytes& data) {
  OfferedPsks psks;
  return OfferedPsks::Parse(data, &psks);
}

Bytes Concatenate(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) {
    for (const uint8_t byte : part) out.push_back(byte);
  }
  return out;
}

TEST(OfferedPsksTest, RoundTrip) {
  Bytes data;
  ByteWriter writer(&data);
  WriteOfferedPsks(&writer, TwoPsks());
  const size_t binders_len = BindersLen(TwoPsks());
  EXPECT_EQ(binders_len, 2u + 33 + 49);
  // The binders stand at the end, zeros after each length.
  const size_t binders_at = data.size() - binders_len;
  EXPECT_EQ(data[binders_at + 2], 32);
  data[binders_at + 3] = 0xaa;
  data[binders_at + 2 + 33 + 1] = 0xbb;

  OfferedPsks psks;
  ASSERT_TRUE(OfferedPsks::Parse(data, &psks).ok());
  ASSERT_EQ(psks.size(), 2u);
  EXPECT_EQ(psks.binders_len(), binders_len);
  const auto first = psks.Identity(0);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(Bytes(first->identity.begin(), first->identity.end()), (Bytes{1, 2, 3}));
  EXPECT_EQ(first->obfuscated_ticket_age, 0xfedcba98);
  EXPECT_EQ(psks.Identity(1)->identity[0], 4);
  EXPECT_EQ(psks.Identity(1)->obfuscated_ticket_age, 7u);
  EXPECT_FALSE(psks.Identity(2).has_value());
  ASSERT_EQ(psks.Binder(0).size(), 32u);
  EXPECT_EQ(psks.Binder(0)[0], 0xaa);
  ASSERT_EQ(psks.Binder(1).size(), 48u);
  EXPECT_EQ(psks.Binder(1)[0], 0xbb);
  EXPECT_TRUE(psks.Binder(2).empty());
}

TEST(OfferedPsksTest, AbsentOnesAreNone) {
  const OfferedPsks psks;
  EXPECT_TRUE(psks.empty());
  EXPECT_EQ(psks.binders_len(), 0u);
  EXPECT_FALSE(psks.Identity(0).has_value());
  EXPECT_TRUE(psks.Binder(0).empty());
}

TEST(OfferedPsksTest, EveryTruncationAndTrailingByteIsMalformed) {
  const Bytes data = Write(TwoPsks());
  for (size_t len = 0; len < data.size(); ++len) {
    EXPECT_EQ(Parse(Bytes(data.begin(), data.begin() + static_cast<long>(len))).alert(),
              AlertDescription::kDecodeError)
        << len;
  }
  EXPECT_EQ(Parse(Concatenate({data, {0}})).alert(), AlertDescription::kDecodeError);
}

TEST(OfferedPsksTest, FieldsOutOfRangeAreMalformed) {
  const Bytes binder = Concatenate({{0, 33, 32}, Bytes(32)});
  EXPECT_TRUE(Parse(Concatenate({{0, 7, 0, 1, 9, 0, 0, 0, 0}, binder})).ok());
  const Bytes kMalformed[] = {
      Concatenate({{0, 6, 0, 0, 0, 0, 0, 0}, binder}),        // an empty identity
      Concatenate({{0, 0}, binder}),                          // no identities
      Concatenate({{0, 6, 0, 1, 9, 0, 0, 0}, binder}),        // no whole age
      Concatenate({{0, 8, 0, 1, 9, 0, 0, 0, 0, 0}, binder}),  // a byte too many in the list
      Concatenate({{0, 7, 0, 1, 9, 0, 0, 0, 0}, {0, 0}}),     // no binders
      Concatenate({{0, 7, 0, 1, 9, 0, 0, 0, 0}, {0, 1, 0}}),  // an empty binder
      Concatenate({{0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 32, 31}, Bytes(31)}),  // a short one
      Concatenate({{0, 7, 0, 1, 9, 0, 0, 0, 0, 0, 33, 33}, Bytes(32)}),  // one cut off
  };
  for (const Bytes& malformed : kMalformed) {
    EXPECT_EQ(Parse(malformed).alert(), AlertDescription::kDecodeError) << malformed.size();
  }
}

TEST(OfferedPsksTest, BindersMustBeAsManyAsIdentities) {
  const Bytes identity = {0, 1, 9, 0, 0, 0, 0};
  const Bytes binder = Concatenate({{32}, Bytes(32)});
  const Bytes two_binders = Concatenate({{0, 7}, identity, {0, 66}, binder, binder});
  EXPECT_EQ(Parse(two_binders).alert(), AlertDescription::kIllegalParameter);
  const Bytes one_binder = Concatenate({{0, 14}, identity, identity, {0, 33}, binder});
  EXPECT_EQ(Parse(one_binder).alert(), AlertDescription::kIllegalParameter);
  EXPECT_TRUE(Parse(Concatenate({{0, 14}, identity, identity, {0, 66}, binder, binder})).ok());
}

TEST(SelectedIdentityTest, IsTwoBytes) {
  Bytes data;
  ByteWriter writer(&data);
  WriteSelectedIdentity(&writer, 0x0102);
  EXPECT_EQ(data, (Bytes{1, 2}));
  EXPECT_EQ(ParseSelectedIdentity(data), 0x0102);
  for (const Bytes& malformed : {Bytes{}, Bytes{1}, Bytes{1, 2, 3}}) {
    EXPECT_FALSE(ParseSelectedIdentity(malformed).has_value());
  }
}

TEST(PskModesTest, RoundTripAndUnknownModes) {
  Bytes data;
  ByteWriter writer(&data);
  WritePskModes(&writer, {PskKeyExchangeMode::kPskDheKe, PskKeyExchangeMode::kPskKe});
  EXPECT_EQ(data, (Bytes{2, 1, 0}));
  EXPECT_TRUE(PskModeList::Parse(data)->Contains(PskKeyExchangeMode::kPskKe));
  EXPECT_TRUE(PskModeList::Parse(data)->Contains(PskKeyExchangeMode::kPskDheKe));
  // RFC 8701: modes of no meaning among them.
  const Bytes grease = {2, 0x0b, 1};
  EXPECT_FALSE(PskModeList::Parse(grease)->Contains(PskKeyExchangeMode::kPskKe));
  EXPECT_TRUE(PskModeList::Parse(grease)->Contains(PskKeyExchangeMode::kPskDheKe));
  EXPECT_FALSE(PskModeList().Contains(PskKeyExchangeMode::kPskKe));
  for (const Bytes& malformed : {Bytes{}, Bytes{0}, Bytes{2, 1}, Bytes{1, 1, 1}}) {
    EXPECT_FALSE(PskModeList::Parse(malformed).has_value());
  }
}

}  // namespace
}  // namespace dtls13
