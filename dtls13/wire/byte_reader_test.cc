// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/byte_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace dtls13 {
namespace {

TEST(ByteReader, ReadsNetworkByteOrder) {
  std::vector<uint8_t> bytes(24);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i + 1);
  ByteReader reader(bytes);
  uint8_t u8 = 0;
  uint16_t u16 = 0;
  uint32_t u24 = 0, u32 = 0;
  uint64_t u48 = 0, u64 = 0;
  ASSERT_TRUE(reader.ReadU8(&u8) && reader.ReadU16(&u16) && reader.ReadU24(&u24) &&
              reader.ReadU32(&u32) && reader.ReadU48(&u48) && reader.ReadU64(&u64));
  EXPECT_EQ(u8, 0x01);
  EXPECT_EQ(u16, 0x0203);
  EXPECT_EQ(u24, 0x040506u);
  EXPECT_EQ(u32, 0x0708090au);
  EXPECT_EQ(u48, 0x0b0c0d0e0f10u);
  EXPECT_EQ(u64, 0x1112131415161718u);
  EXPECT_TRUE(reader.empty());
}

TEST(ByteReader, CutShortConsumesNothing) {
  const std::array<uint8_t, 7> bytes = {1, 2, 3, 4, 5, 6, 7};
  for (size_t len = 0; len < bytes.size(); ++len) {
    ByteReader reader{std::span(bytes).first(len)};
    uint64_t u64 = 42;
    EXPECT_FALSE(reader.ReadU64(&u64));
    EXPECT_EQ(u64, 42u);
    EXPECT_EQ(reader.remaining(), len);
    std::span<const uint8_t> view;
    EXPECT_FALSE(reader.ReadBytes(len + 1, &view));
    EXPECT_EQ(reader.remaining(), len);
  }
}

TEST(ByteReader, EmptyReaderFails) {
  ByteReader reader;
  uint8_t u8 = 0;
  EXPECT_FALSE(reader.ReadU8(&u8));
  std::span<const uint8_t> view;
  EXPECT_TRUE(reader.ReadBytes(0, &view));
  EXPECT_TRUE(view.empty());
}

TEST(ByteReader, VectorIsAView) {
  const std::array<uint8_t, 6> bytes = {2, 0xaa, 0xbb, 0, 1, 0xcc};
  ByteReader reader(bytes);
  std::span<const uint8_t> first, second;
  ASSERT_TRUE(reader.ReadVector8(&first));
  EXPECT_EQ(first.data(), bytes.data() + 1);
  EXPECT_EQ(first.size(), 2u);
  ASSERT_TRUE(reader.ReadVector16(&second));
  EXPECT_EQ(second.data(), bytes.data() + 5);
  EXPECT_EQ(second.size(), 1u);
}

TEST(ByteReader, VectorLongerThanInputConsumesNothing) {
  const std::array<uint8_t, 4> bytes = {0x00, 0x00, 0x02, 0xff};
  ByteReader reader(bytes);
  std::span<const uint8_t> view;
  EXPECT_FALSE(reader.ReadVector24(&view));
  EXPECT_EQ(reader.remaining(), 4u);
  const std::array<uint8_t, 3> huge = {0xff, 0xff, 0xff};
  ByteReader huge_reader(huge);
  EXPECT_FALSE(huge_reader.ReadVector24(&view));
  EXPECT_EQ(huge_reader.remaining(), 3u);
}

TEST(ByteReader, AFlagIsZeroOrOne) {
  const std::array<uint8_t, 3> bytes = {1, 0, 2};
  ByteReader reader(bytes);
  bool flag = false;
  ASSERT_TRUE(reader.ReadFlag(&flag));
  EXPECT_TRUE(flag);
  ASSERT_TRUE(reader.ReadFlag(&flag));
  EXPECT_FALSE(flag);
  EXPECT_FALSE(reader.ReadFlag(&flag));
  EXPECT_EQ(reader.remaining(), 1u);
}

TEST(ByteReader, EmptyVectors) {
  const std::array<uint8_t, 6> bytes = {};
  ByteReader reader(bytes);
  std::span<const uint8_t> view;
  ASSERT_TRUE(reader.ReadVector8(&view));
  EXPECT_TRUE(view.empty());
  ASSERT_TRUE(reader.ReadVector16(&view));
  ASSERT_TRUE(reader.ReadVector24(&view));
  EXPECT_TRUE(reader.empty());
}

}  // namespace
}  // namespace dtls13
