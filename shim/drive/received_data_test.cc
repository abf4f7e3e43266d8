#include "shim/drive/received_data.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dtls13::shim {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Take(ReceivedData& data, size_t max_len, bool consumes = true) {
  std::string out(max_len, '\0');
  out.resize(data.Take({reinterpret_cast<uint8_t*>(out.data()), out.size()}, consumes));
  return out;
}

TEST(ReceivedDataTest, TakesRecordByRecord) {
  ReceivedData data;
  EXPECT_TRUE(data.empty());
  data.Add(Bytes("one"));
  data.Add(Bytes("three"));
  EXPECT_EQ(data.len(), 8u);
  EXPECT_EQ(Take(data, 10), "one");
  EXPECT_EQ(Take(data, 2, /*consumes=*/false), "th");
  EXPECT_EQ(Take(data, 2), "th");
  EXPECT_EQ(data.len(), 3u);
  EXPECT_EQ(Take(data, 0), "");
  EXPECT_FALSE(data.empty());
  EXPECT_EQ(Take(data, 10), "ree");
  EXPECT_TRUE(data.empty());
  EXPECT_EQ(data.len(), 0u);
}

TEST(ReceivedDataTest, KeepsACopy) {
  ReceivedData data;
  std::string held = "held";
  data.Add(Bytes(held));
  held = "gone";
  EXPECT_EQ(Take(data, 10), "held");
}

TEST(ReceivedDataTest, HoldsADatagramOfManySmallRecords) {
  ReceivedData data;
  constexpr size_t kNumRecords = 3000;
  for (size_t i = 0; i < kNumRecords; ++i) data.Add(Bytes(i % 2 == 0 ? "a" : "b"));
  for (size_t i = 0; i < kNumRecords; ++i) {
    ASSERT_EQ(Take(data, 10), i % 2 == 0 ? "a" : "b") << i;
  }
  EXPECT_TRUE(data.empty());
}

}  // namespace
}  // namespace dtls13::shim
