// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/received_data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace dtls13::shim {
namespace {

// Put writes `text` into the buffer as a decrypted record's content.
std::span<const uint8_t> Put(std::span<uint8_t> buffer, size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), buffer.begin() + static_cast<ptrdiff_t>(at));
  return buffer.subspan(at, text.size());
}

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
  const std::span<uint8_t> buffer = data.Borrow();
  data.Add(Put(buffer, 0, "one"));
  data.Add(Put(buffer, 100, "three"));
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

TEST(ReceivedDataTest, ViewsTheBufferUntilItIsKept) {
  ReceivedData data;
  const std::span<uint8_t> buffer = data.Borrow();
  data.Add(Put(buffer, 0, "old"));
  Put(buffer, 0, "new");
  EXPECT_EQ(Take(data, 1), "n");
  data.Keep();
  ScratchBuffer next;
  ASSERT_EQ(next.bytes().data(), buffer.data()) << "the buffer was not given back";
  Put(next.bytes(), 0, "xxx");
  EXPECT_EQ(Take(data, 10), "ew");
}

TEST(ReceivedDataTest, WipesWhatIsTakenWhereThatIsAskedFor) {
  for (const bool cleanses : {false, true}) {
    ReceivedData data;
    data.CleanseTaken(cleanses);
    const std::span<uint8_t> buffer = data.Borrow();
    const auto lies_there = [&buffer](std::string_view text) {
      return std::ranges::equal(buffer.first(text.size()), Bytes(text));
    };
    data.Add(Put(buffer, 0, "secret"));
    EXPECT_EQ(Take(data, 3, /*consumes=*/false), "sec");
    EXPECT_TRUE(lies_there("secret"));
    EXPECT_EQ(Take(data, 3), "sec");
    EXPECT_EQ(lies_there("sec"), !cleanses);
    data.Keep();
    EXPECT_EQ(lies_there("secret"), !cleanses) << "the rest is copied";
    EXPECT_EQ(Take(data, 3), "ret");
  }
}

TEST(ReceivedDataTest, KeepsWhatLiesElsewhereAtOnce) {
  ReceivedData data;
  const std::span<uint8_t> buffer = data.Borrow();
  std::string held = "held";
  data.Add(Bytes(held));
  data.Add(Put(buffer, 0, "view"));
  held = "gone";
  EXPECT_EQ(Take(data, 10), "held");
  EXPECT_EQ(Take(data, 10), "view");
}

TEST(ReceivedDataTest, KeepsTheRestBeforeTheNextDatagram) {
  ReceivedData data;
  data.Add(Put(data.Borrow(), 0, "first"));
  EXPECT_EQ(Take(data, 2), "fi");
  const std::span<uint8_t> buffer = data.Borrow();
  data.Add(Put(buffer, 0, "second"));
  EXPECT_EQ(Take(data, 10), "rst");
  EXPECT_EQ(Take(data, 10), "second");
}

TEST(ReceivedDataTest, HoldsADatagramOfManySmallRecords) {
  ReceivedData data;
  const std::span<uint8_t> buffer = data.Borrow();
  constexpr size_t kNumRecords = 3000;
  for (size_t i = 0; i < kNumRecords; ++i) data.Add(Put(buffer, i, i % 2 == 0 ? "a" : "b"));
  for (size_t i = 0; i < kNumRecords; ++i) {
    if (i == 100) data.Keep();
    ASSERT_EQ(Take(data, 10), i % 2 == 0 ? "a" : "b") << i;
  }
  EXPECT_TRUE(data.empty());
}

}  // namespace
}  // namespace dtls13::shim
