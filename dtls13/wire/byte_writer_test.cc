// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/byte_writer.h"

#include <gtest/gtest.h>

#include <array>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

TEST(ByteWriter, WritesNetworkByteOrderToBothTargets) {
  const Bytes expected = {1,    2,    3,    4,    5,    6,    7,    8,    9,
                          0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12,
                          0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0xaa, 0xbb};
  auto write = [](ByteWriter* writer) {
    writer->WriteU8(0x01);
    writer->WriteU16(0x0203);
    writer->WriteU24(0x040506);
    writer->WriteU32(0x0708090a);
    writer->WriteU48(0x0b0c0d0e0f10);
    writer->WriteU64(0x1112131415161718);
    const std::array<uint8_t, 2> tail = {0xaa, 0xbb};
    writer->WriteBytes(tail);
  };
  Bytes fixed(expected.size());
  ByteWriter to_fixed{std::span<uint8_t>(fixed)};
  write(&to_fixed);
  EXPECT_TRUE(to_fixed.ok());
  EXPECT_EQ(to_fixed.length(), expected.size());
  EXPECT_EQ(fixed, expected);

  Bytes grown = {0x99};
  ByteWriter to_grown(&grown);
  write(&to_grown);
  EXPECT_TRUE(to_grown.ok());
  EXPECT_EQ(to_grown.length(), expected.size());
  EXPECT_EQ(grown.front(), 0x99);
  EXPECT_EQ(Bytes(grown.begin() + 1, grown.end()), expected);
}

TEST(ByteWriter, FullBufferStaysFailed) {
  std::array<uint8_t, 3> out = {};
  ByteWriter writer{std::span<uint8_t>(out)};
  writer.WriteU16(0x0102);
  writer.WriteU16(0x0304);
  EXPECT_FALSE(writer.ok());
  writer.WriteU8(0x05);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.length(), 2u);
  EXPECT_EQ(out, (std::array<uint8_t, 3>{1, 2, 0}));
}

TEST(ByteWriter, ValueWiderThanItsFieldFails) {
  Bytes out;
  ByteWriter u24(&out);
  u24.WriteU24(1u << 24);
  EXPECT_FALSE(u24.ok());
  ByteWriter u48(&out);
  u48.WriteU48(uint64_t{1} << 48);
  EXPECT_FALSE(u48.ok());
}

TEST(ByteWriter, LengthPrefixesNest) {
  Bytes out;
  ByteWriter writer(&out);
  {
    ByteWriter::LengthPrefix outer(&writer, 3);
    writer.WriteU8(0x01);
    {
      ByteWriter::LengthPrefix inner(&writer, 2);
      writer.WriteU8(0x02);
      { ByteWriter::LengthPrefix empty(&writer, 1); }
    }
  }
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(out, (Bytes{0, 0, 5, 1, 0, 2, 2, 0}));
}

TEST(ByteWriter, LengthPrefixCountsFromItsOwnPlace) {
  Bytes out = {0xee, 0xee};
  ByteWriter writer(&out);
  writer.WriteU8(0xdd);
  {
    ByteWriter::LengthPrefix prefix(&writer, 1);
    writer.WriteU16(0x0102);
  }
  EXPECT_EQ(out, (Bytes{0xee, 0xee, 0xdd, 2, 1, 2}));
}

TEST(ByteWriter, LengthPrefixOverflowFails) {
  Bytes out;
  ByteWriter writer(&out);
  {
    ByteWriter::LengthPrefix prefix(&writer, 1);
    writer.WriteBytes(Bytes(256));
  }
  EXPECT_FALSE(writer.ok());
}

TEST(ByteWriter, LengthPrefixIntoFullBufferFails) {
  std::array<uint8_t, 1> out = {};
  ByteWriter writer{std::span<uint8_t>(out)};
  { ByteWriter::LengthPrefix prefix(&writer, 2); }
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.length(), 0u);
}

TEST(ByteWriter, VectorsAreTheirLengthAndTheirBytes) {
  Bytes out;
  ByteWriter writer(&out);
  writer.WriteVector8(Bytes{1, 2});
  writer.WriteVector16(Bytes{3});
  writer.WriteVector24(Bytes{});
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(out, (Bytes{2, 1, 2, 0, 1, 3, 0, 0, 0}));
  writer.WriteVector8(Bytes(256));
  EXPECT_FALSE(writer.ok());
}

}  // namespace
}  // namespace dtls13
