// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/extensions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr ExtensionMessage kAllMessages[] = {
    ExtensionMessage::kClientHello,        ExtensionMessage::kServerHello,
    ExtensionMessage::kHelloRetryRequest,  ExtensionMessage::kEncryptedExtensions,
    ExtensionMessage::kCertificateRequest, ExtensionMessage::kCertificate,
    ExtensionMessage::kNewSessionTicket};

Bytes Entry(uint16_t type, const Bytes& data = {}) {
  Bytes out(4 + data.size());
  out[0] = static_cast<uint8_t>(type >> 8);
  out[1] = static_cast<uint8_t>(type);
  out[2] = static_cast<uint8_t>(data.size() >> 8);
  out[3] = static_cast<uint8_t>(data.size());
  std::copy(data.begin(), data.end(), out.begin() + 4);
  return out;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(ExtensionBlockTest, FindsWhatIsThere) {
  const Bytes bytes = Entry(10, {1, 2, 3}) + Entry(0x1a1a) + Entry(51, {4});
  const auto block = ExtensionBlock::Parse(bytes);
  ASSERT_TRUE(block.has_value());
  const auto groups = block->Find(ExtensionType::kSupportedGroups);
  ASSERT_TRUE(groups.has_value());
  EXPECT_EQ(Bytes(groups->begin(), groups->end()), (Bytes{1, 2, 3}));
  const auto grease = block->Find(static_cast<ExtensionType>(0x1a1a));
  ASSERT_TRUE(grease.has_value());
  EXPECT_TRUE(grease->empty());
  EXPECT_FALSE(block->Has(ExtensionType::kCookie));
  EXPECT_TRUE(block->IsLast(ExtensionType::kKeyShare));
  EXPECT_FALSE(block->IsLast(ExtensionType::kSupportedGroups));
}

// Types share what says quickly that they are not there.
TEST(ExtensionBlockTest, TellsEveryTypeFromEveryOther) {
  constexpr std::array<uint16_t, 9> kTypes = {0, 1, 62, 63, 64, 127, 0x1a1a, 0xff01, 0xffff};
  for (const uint16_t there : kTypes) {
    const Bytes bytes = Entry(there);
    const auto block = ExtensionBlock::Parse(bytes);
    ASSERT_TRUE(block.has_value());
    for (const uint16_t type : kTypes) {
      EXPECT_EQ(block->Has(static_cast<ExtensionType>(type)), type == there) << type;
    }
  }
}

TEST(ExtensionBlockTest, IsReadWithItsLength) {
  const Bytes message = {0, 4, 0, 42, 0, 0, 9};
  ByteReader reader(message);
  const auto block = ExtensionBlock::Read(&reader);
  ASSERT_TRUE(block.has_value());
  EXPECT_TRUE(block->Has(ExtensionType::kEarlyData));
  EXPECT_EQ(reader.remaining(), 1u);
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes{0, 4, 0, 42, 0}, Bytes{0, 3, 0, 42, 0}}) {
    ByteReader bad_reader(bad);
    EXPECT_FALSE(ExtensionBlock::Read(&bad_reader).has_value());
  }
}

TEST(ExtensionBlockTest, EmptyIsWellFormed) {
  const auto block = ExtensionBlock::Parse({});
  ASSERT_TRUE(block.has_value());
  EXPECT_TRUE(block->empty());
  EXPECT_FALSE(block->IsLast(ExtensionType::kKeyShare));
}

TEST(ExtensionBlockTest, EveryTruncationInsideAnEntryFails) {
  const Bytes first = Entry(10, {1, 2, 3});
  const Bytes bytes = first + Entry(51, {4, 5});
  for (size_t len = 1; len < bytes.size(); ++len) {
    const bool whole_entries = len == first.size();
    EXPECT_EQ(ExtensionBlock::Parse(std::span(bytes).first(len)).has_value(), whole_entries) << len;
  }
}

//= rfc8446#section-9.2
//= type=test
//# In the absence of an application profile standard specifying
//# otherwise, a TLS-compliant application MUST implement the following
//# TLS extensions:
TEST(ExtensionTableTest, IsTheTableOfRfc8446) {
  using M = ExtensionMessage;
  // RFC 8446 section 4.2, RFC 7250, RFC 8449 section 4, RFC 8879 and RFC 9147 section 14, typed in
  // again.
  const std::map<int, std::set<M>> kTable = {
      {0, {M::kClientHello, M::kEncryptedExtensions}},
      {1, {M::kClientHello, M::kEncryptedExtensions}},
      {5, {M::kClientHello, M::kCertificateRequest, M::kCertificate}},
      {10, {M::kClientHello, M::kEncryptedExtensions}},
      {13, {M::kClientHello, M::kCertificateRequest}},
      {14, {M::kClientHello, M::kEncryptedExtensions}},
      {16, {M::kClientHello, M::kEncryptedExtensions}},
      {18, {M::kClientHello, M::kCertificateRequest, M::kCertificate}},
      {19, {M::kClientHello, M::kEncryptedExtensions}},
      {20, {M::kClientHello, M::kEncryptedExtensions}},
      {21, {M::kClientHello}},
      {23, {M::kClientHello}},
      {27, {M::kClientHello, M::kCertificateRequest}},
      {28, {M::kClientHello, M::kEncryptedExtensions}},
      {41, {M::kClientHello, M::kServerHello}},
      {42, {M::kClientHello, M::kEncryptedExtensions, M::kNewSessionTicket}},
      {43, {M::kClientHello, M::kServerHello, M::kHelloRetryRequest}},
      {44, {M::kClientHello, M::kHelloRetryRequest}},
      {45, {M::kClientHello}},
      {47, {M::kClientHello, M::kCertificateRequest}},
      {48, {M::kCertificateRequest}},
      {49, {M::kClientHello}},
      {50, {M::kClientHello, M::kCertificateRequest}},
      {51, {M::kClientHello, M::kServerHello, M::kHelloRetryRequest}},
      {54, {M::kClientHello, M::kServerHello}},
      {61, {M::kClientHello, M::kServerHello}},
      {0xff01, {M::kClientHello}},
  };
  for (int type = 0; type <= 0xffff; ++type) {
    const auto row = kTable.find(type);
    for (const M message : kAllMessages) {
      const auto allowed = IsExtensionAllowed(static_cast<ExtensionType>(type), message);
      ASSERT_EQ(allowed.has_value(), row != kTable.end()) << type;
      if (row == kTable.end()) continue;
      ASSERT_EQ(*allowed, row->second.contains(message)) << type << " " << int(message);
    }
  }
}

//= rfc8446#section-4.2
//= type=test
//# If an implementation receives an extension
//# which it recognizes and which is not specified for the message in
//# which it appears, it MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(CheckExtensionsTest, MisplacedIsIllegalParameterEvenIfOffered) {
  const Bytes bytes = Entry(51);
  const auto block = ExtensionBlock::Parse(bytes);
  ASSERT_TRUE(block.has_value());
  const ExtensionType offered[] = {ExtensionType::kKeyShare};
  for (const ExtensionMessage message :
       {ExtensionMessage::kEncryptedExtensions, ExtensionMessage::kCertificate,
        ExtensionMessage::kCertificateRequest, ExtensionMessage::kNewSessionTicket}) {
    const Status status = CheckExtensions(*block, message, offered);
    EXPECT_EQ(status.reason(), Reason::kBadExtension);
    EXPECT_EQ(status.alert(), AlertDescription::kIllegalParameter);
  }
}

//= rfc8446#section-4.2
//= type=test
//# There MUST NOT be more than one extension of the
//# same type in a given extension block.
TEST(CheckExtensionsTest, DuplicatesAreIllegalParameterKnownOrNot) {
  for (const uint16_t type : {uint16_t{10}, uint16_t{0x7777}}) {
    const Bytes bytes = Entry(type) + Entry(13) + Entry(type);
    const auto block = ExtensionBlock::Parse(bytes);
    ASSERT_TRUE(block.has_value());
    const Status status = CheckExtensions(*block, ExtensionMessage::kClientHello, {});
    EXPECT_EQ(status.reason(), Reason::kDuplicateExtension);
    EXPECT_EQ(status.alert(), AlertDescription::kIllegalParameter);
  }
}

//= rfc8446#section-4.2
//= type=test
//# Upon
//# receiving such an extension, an endpoint MUST abort the handshake
//# with an "unsupported_extension" alert.
TEST(CheckExtensionsTest, UnsolicitedResponsesAreUnsupported) {
  const ExtensionType offered[] = {ExtensionType::kServerName};
  const Bytes unknown = Entry(0x7777);
  const Bytes known = Entry(16);
  for (const Bytes& bytes : {unknown, known}) {
    const auto block = ExtensionBlock::Parse(bytes);
    ASSERT_TRUE(block.has_value());
    const Status status = CheckExtensions(*block, ExtensionMessage::kEncryptedExtensions, offered);
    EXPECT_EQ(status.reason(), Reason::kUnsolicitedExtension);
    EXPECT_EQ(status.alert(), AlertDescription::kUnsupportedExtension);
  }
  const Bytes asked = Entry(0);
  EXPECT_TRUE(CheckExtensions(*ExtensionBlock::Parse(asked), ExtensionMessage::kEncryptedExtensions,
                              offered)
                  .ok());
}

TEST(CheckExtensionsTest, RetryCookieNeedsNoRequest) {
  const Bytes bytes = Entry(44, {0, 1, 9});
  EXPECT_TRUE(
      CheckExtensions(*ExtensionBlock::Parse(bytes), ExtensionMessage::kHelloRetryRequest, {})
          .ok());
}

TEST(CheckExtensionsTest, UnknownRequestsAreIgnored) {
  const Bytes bytes = Entry(0x0a0a) + Entry(0x7777, {1, 2});
  for (const ExtensionMessage message :
       {ExtensionMessage::kClientHello, ExtensionMessage::kCertificateRequest,
        ExtensionMessage::kNewSessionTicket}) {
    EXPECT_TRUE(CheckExtensions(*ExtensionBlock::Parse(bytes), message, {}).ok());
  }
}

TEST(CodePointListTest, ParsesPositiveEvenLengthsOnly) {
  EXPECT_FALSE(ParseCodePointList(Bytes{}).has_value());
  EXPECT_FALSE(ParseCodePointList(Bytes{0, 0}).has_value());
  EXPECT_FALSE(ParseCodePointList(Bytes{0, 1, 7}).has_value());
  EXPECT_FALSE(ParseCodePointList(Bytes{0, 2, 7}).has_value());
  EXPECT_FALSE(ParseCodePointList(Bytes{0, 2, 7, 8, 9}).has_value());
  const Bytes bytes = {0, 4, 0x0a, 0x0a, 0, 29};
  const auto list = ParseCodePointList(bytes);
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0], 0x0a0a);
  EXPECT_TRUE(list->Contains(NamedGroup::kX25519));
  EXPECT_FALSE(list->Contains(NamedGroup::kSecp256r1));
}

// F32: an empty certificate_authorities is malformed, and so is an empty name in it.
TEST(CertificateAuthoritiesTest, EmptyIsMalformed) {
  EXPECT_FALSE(ParseCertificateAuthorities(Bytes{}));
  EXPECT_FALSE(ParseCertificateAuthorities(Bytes{0, 0}));
  EXPECT_FALSE(ParseCertificateAuthorities(Bytes{0, 2, 0, 0}));
  EXPECT_FALSE(ParseCertificateAuthorities(Bytes{0, 3, 0, 2, 1}));
  EXPECT_FALSE(ParseCertificateAuthorities(Bytes{0, 3, 0, 1, 1, 9}));
  EXPECT_TRUE(ParseCertificateAuthorities(Bytes{0, 3, 0, 1, 1}));
  EXPECT_TRUE(ParseCertificateAuthorities(Bytes{0, 7, 0, 1, 1, 0, 2, 1, 1}));
}

TEST(ExtensionWriterTest, WritesTypeLengthAndData) {
  Bytes written;
  ByteWriter writer(&written);
  std::vector<ExtensionType> types;
  ExtensionWriter extensions(&writer, &types);
  extensions.Write(ExtensionType::kCookie, [](ByteWriter* data) {
    data->WriteVector16(Bytes{7, 8, 9});
  });
  extensions.WriteEmpty(ExtensionType::kEarlyData);
  extensions.WriteUnanswered(0x1a1a, Bytes{1});
  EXPECT_EQ(written, (Bytes{0, 44, 0, 5, 0, 3, 7, 8, 9, 0, 42, 0, 0, 0x1a, 0x1a, 0, 1, 1}));
  EXPECT_EQ(types, (std::vector{ExtensionType::kCookie, ExtensionType::kEarlyData}));
  EXPECT_TRUE(writer.ok());
}

TEST(ExtensionWriterTest, DataThatItsLengthCannotCountIsAFailure) {
  Bytes written;
  ByteWriter writer(&written);
  ExtensionWriter extensions(&writer);
  extensions.Write(ExtensionType::kPadding,
                   [](ByteWriter* data) { data->WriteBytes(Bytes(65536)); });
  EXPECT_FALSE(writer.ok());
}

TEST(CodePointListTest, IsReadAsItIsWritten) {
  Bytes written;
  ByteWriter writer(&written);
  WriteCodePointList(std::vector{NamedGroup::kX25519, NamedGroup::kSecp256r1}, 2, &writer);
  EXPECT_EQ(written, (Bytes{0, 4, 0, 29, 0, 23}));
  const auto read = ParseCodePointList(written);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->Contains(NamedGroup::kSecp256r1));
}

}  // namespace
}  // namespace dtls13
