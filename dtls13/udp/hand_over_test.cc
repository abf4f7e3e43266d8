// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp/hand_over.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

bool IsReadable(int fd) {
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&readable, 1, 0) == 1;
}

TEST(HandOverTest, WhatIsGivenToOneIsTakenByThatOne) {
  const auto hand_over = HandOver::Create(3);
  ASSERT_NE(hand_over, nullptr);
  Bytes bytes = {1, 2, 3};
  const Bytes address = {4, 5};
  const ReceivedDatagrams received{
      .peer_address = address, .host_len = 1, .bytes = bytes, .segment_len = 2};
  EXPECT_TRUE(hand_over->Give(1, received));
  EXPECT_TRUE(hand_over->Give(1, received));
  EXPECT_FALSE(IsReadable(hand_over->fd(0)));
  EXPECT_TRUE(IsReadable(hand_over->fd(1)));
  EXPECT_TRUE(hand_over->Take(0).empty());
  auto parcels = hand_over->Take(1);
  ASSERT_EQ(parcels.size(), 2u);
  EXPECT_FALSE(IsReadable(hand_over->fd(1)));
  bytes[0] = 9;
  const ReceivedDatagrams view = parcels[0].View();
  EXPECT_EQ(Bytes(view.bytes.begin(), view.bytes.end()), (Bytes{1, 2, 3}));
  EXPECT_EQ(Bytes(view.peer_address.begin(), view.peer_address.end()), address);
  EXPECT_EQ(view.host_len, 1u);
  EXPECT_EQ(view.segment_len, 2u);
}

TEST(HandOverTest, WhatWaitsIsBounded) {
  const auto hand_over = HandOver::Create(1);
  Bytes bytes(60000);
  const ReceivedDatagrams received{.bytes = bytes};
  size_t num = 0;
  while (hand_over->Give(0, received)) ++num;
  EXPECT_GT(num, 10u);
  EXPECT_LE(num * bytes.size(), HandOver::kMaxBytes);
  EXPECT_EQ(hand_over->Take(0).size(), num);
  EXPECT_TRUE(hand_over->Give(0, received));
}

TEST(HandOverTest, ThreadsLoseNothing) {
  const auto hand_over = HandOver::Create(1);
  constexpr size_t kNum = 2000;
  const auto give = [&] {
    Bytes byte(1);
    for (size_t i = 0; i < kNum; ++i) {
      while (!hand_over->Give(0, {.bytes = byte})) std::this_thread::yield();
    }
  };
  std::thread one(give);
  std::thread other(give);
  size_t num = 0;
  while (num < 2 * kNum) num += hand_over->Take(0).size();
  one.join();
  other.join();
  EXPECT_EQ(num, 2 * kNum);
  EXPECT_TRUE(hand_over->Take(0).empty());
}

}  // namespace
}  // namespace dtls13
