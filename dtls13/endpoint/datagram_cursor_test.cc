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
