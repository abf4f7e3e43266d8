// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/datagram_cursor.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

// The datagrams that come out, one after the other.
std::vector<Bytes> All(std::span<const ReceivedDatagrams> received) {
  DatagramCursor cursor;
  cursor.Begin(received);
  std::vector<Bytes> all;
  while (const auto datagram = cursor.Next()) {
    all.emplace_back(datagram->bytes.begin(), datagram->bytes.end());
  }
  return all;
}

TEST(DatagramCursorTest, CutsWhatTheKernelHasPutTogether) {
  Bytes three = {1, 2, 3, 4, 5, 6, 7, 8};
  Bytes one = {9, 10};
  const Bytes address = {127, 0, 0, 1};
  const std::vector<ReceivedDatagrams> received = {
      {.peer_address = address, .bytes = three, .segment_len = 3},
      {.peer_address = address, .bytes = one}};
  EXPECT_EQ(All(received), (std::vector<Bytes>{{1, 2, 3}, {4, 5, 6}, {7, 8}, {9, 10}}));
}

TEST(DatagramCursorTest, AnEmptyDatagramIsOneAndASegmentMayBeLongerThanAll) {
  Bytes two = {1, 2};
  const std::vector<ReceivedDatagrams> received = {{.bytes = {}, .segment_len = 0},
                                                   {.bytes = {}, .segment_len = 5},
                                                   {.bytes = two, .segment_len = 5}};
  EXPECT_EQ(All(received), (std::vector<Bytes>{{}, {}, {1, 2}}));
  EXPECT_TRUE(All({}).empty());
}

TEST(DatagramCursorTest, EachIsFromWhereItsOwnCameFrom) {
  Bytes three = {1, 2, 3};
  Bytes two = {4, 5};
  const Bytes address = {127, 0, 0, 1};
  const Bytes other = {127, 0, 0, 2};
  const Bytes too_long(PathId::kMaxLen + 1);
  const std::vector<ReceivedDatagrams> received = {
      {.peer_address = address, .bytes = three, .segment_len = 1},
      {.peer_address = too_long, .bytes = two, .segment_len = 1},
      {.peer_address = other, .bytes = two}};
  DatagramCursor cursor;
  cursor.Begin(received);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*cursor.Next()->from, PathId::Of(address));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(cursor.Next()->from, nullptr);
  EXPECT_EQ(*cursor.Next()->from, PathId::Of(other));
  EXPECT_FALSE(cursor.Next());
  // What is begun anew is not half of what was before.
  cursor.Begin(received);
  cursor.Next();
  cursor.Begin(std::span(received).last(1));
  EXPECT_EQ(*cursor.Next()->from, PathId::Of(other));
}

TEST(DatagramCursorTest, TheHostIsTheBeginningOfTheAddress) {
  Bytes byte = {1};
  const Bytes address = {10, 0, 0, 7, 0x11, 0x51};
  for (const size_t host_len : {size_t{0}, size_t{4}, size_t{100}}) {
    const ReceivedDatagrams received{.peer_address = address, .host_len = host_len, .bytes = byte};
    DatagramCursor cursor;
    cursor.Begin({&received, 1});
    EXPECT_EQ(cursor.Next()->host.size(), host_len == 4 ? 4u : 6u);
  }
}

}  // namespace
}  // namespace dtls13
