// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/handshake_header.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

Bytes FragmentBytes(uint32_t message_len, uint32_t offset, uint32_t len, size_t body_len) {
  HandshakeHeader header;
  header.type = HandshakeType::kCertificate;
  header.message_len = message_len;
  header.message_seq = 0x0506;
  header.fragment_offset = offset;
  header.fragment_len = len;
  Bytes bytes(kHandshakeHeaderLen);
  WriteHandshakeHeader(header, bytes);
  for (size_t i = 0; i < body_len; ++i) bytes.push_back(static_cast<uint8_t>(i));
  return bytes;
}

TEST(HandshakeHeader, WritesTheLayoutOfSection5Dot2) {
  EXPECT_EQ(FragmentBytes(0x010203, 0x0708, 0x09, 0), (Bytes{11, 1, 2, 3, 5, 6, 0, 7, 8, 0, 0, 9}));
}

TEST(HandshakeHeader, RoundTrip) {
  const Bytes bytes = FragmentBytes(100, 90, 10, 10);
  ByteReader reader(bytes);
  const auto fragment = ReadHandshakeFragment(&reader);
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->header.type, HandshakeType::kCertificate);
  EXPECT_EQ(fragment->header.message_len, 100u);
  EXPECT_EQ(fragment->header.message_seq, 0x0506);
  EXPECT_EQ(fragment->header.fragment_offset, 90u);
  EXPECT_EQ(fragment->header.fragment_len, 10u);
  EXPECT_EQ(fragment->body.data(), bytes.data() + kHandshakeHeaderLen);
  EXPECT_EQ(fragment->body.size(), 10u);
  EXPECT_TRUE(reader.empty());
}

TEST(HandshakeHeader, SeveralFragmentsInOneRecord) {
  Bytes bytes = FragmentBytes(4, 0, 4, 4);
  const Bytes second = FragmentBytes(0, 0, 0, 0);
  bytes.insert(bytes.end(), second.begin(), second.end());
  ByteReader reader(bytes);
  ASSERT_TRUE(ReadHandshakeFragment(&reader));
  EXPECT_EQ(reader.remaining(), kHandshakeHeaderLen);
  const auto empty = ReadHandshakeFragment(&reader);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->body.empty());
  EXPECT_FALSE(ReadHandshakeFragment(&reader));
}

TEST(HandshakeHeader, CutShortLeavesTheReader) {
  const Bytes whole = FragmentBytes(8, 0, 8, 8);
  for (size_t len = 0; len < whole.size(); ++len) {
    ByteReader reader{std::span(whole).first(len)};
    EXPECT_FALSE(ReadHandshakeFragment(&reader)) << len;
    EXPECT_EQ(reader.remaining(), len);
  }
}

// F26: a fragment that lies is refused before anything is taken from the reader.
TEST(HandshakeHeader, F26RejectsAFragmentOutsideItsMessage) {
  for (const Bytes& bytes :
       {FragmentBytes(8, 1, 8, 8), FragmentBytes(8, 9, 0, 0), FragmentBytes(0, 0, 1, 1),
        FragmentBytes(0xffffff, 0xffffff, 0xffffff, 4)}) {
    ByteReader reader(bytes);
    EXPECT_FALSE(ReadHandshakeFragment(&reader));
    EXPECT_EQ(reader.remaining(), bytes.size());
  }
}

// F27: 16 MB declared and one byte sent costs a header.
TEST(HandshakeHeader, F27HugeDeclaredLength) {
  const Bytes bytes = FragmentBytes(0xffffff, 0, 1, 1);
  ByteReader reader(bytes);
  const auto fragment = ReadHandshakeFragment(&reader);
  ASSERT_TRUE(fragment);
  EXPECT_EQ(fragment->header.message_len, 0xffffffu);
  EXPECT_EQ(fragment->body.size(), 1u);
}

}  // namespace
}  // namespace dtls13
