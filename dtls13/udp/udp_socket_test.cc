// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp/udp_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

// Everything on loopback, with the kernel's help and without.
class UdpSocketTest : public testing::TestWithParam<bool> {
 protected:
  UdpSocketTest() : one_(Make()), other_(Make()) {}

  static std::unique_ptr<UdpSocket> Make() {
    std::string error;
    auto socket = UdpSocket::Open({.address = "127.0.0.1:0", .offload = GetParam()}, &error);
    EXPECT_NE(socket, nullptr) << error;
    return socket;
  }

  // The next `num` datagrams that arrive at `socket`.
  static std::vector<Bytes> Receive(UdpSocket* socket, size_t num) {
    std::vector<Bytes> datagrams;
    while (datagrams.size() < num) {
      pollfd readable{.fd = socket->fd(), .events = POLLIN, .revents = 0};
      constexpr int kMilliseconds = 5000;
      if (poll(&readable, 1, kMilliseconds) != 1) break;
      for (const ReceivedDatagrams& some : socket->Receive()) {
        const size_t step = some.segment_len == 0 ? some.bytes.size() : some.segment_len;
        for (size_t at = 0; at < some.bytes.size(); at += step) {
          const auto one = some.bytes.subspan(at, std::min(step, some.bytes.size() - at));
          datagrams.emplace_back(one.begin(), one.end());
        }
      }
    }
    return datagrams;
  }

  // `num` datagrams of `len` bytes, the last of `last_len`; each begins with its number.
  static Bytes Numbered(size_t num, size_t len, size_t last_len) {
    Bytes bytes((num - 1) * len + last_len);
    for (size_t i = 0; i < num; ++i) bytes[i * len] = static_cast<uint8_t>(i);
    return bytes;
  }

  std::unique_ptr<UdpSocket> one_;
  std::unique_ptr<UdpSocket> other_;
};

INSTANTIATE_TEST_SUITE_P(Offload, UdpSocketTest, testing::Bool());

TEST_P(UdpSocketTest, ABatchArrivesAsTheDatagramsItIs) {
  if (!GetParam()) {
    EXPECT_FALSE(one_->uses_offload());
  }
  const UdpAddress to = other_->local_address();
  const Bytes bytes = Numbered(30, 1200, 77);
  const std::vector<OutputBatch> batches = {
      {.peer_address = to.bytes(), .bytes = bytes, .segment_len = 1200}};
  EXPECT_EQ(one_->Send(batches), 1u);
  const std::vector<Bytes> datagrams = Receive(other_.get(), 30);
  ASSERT_EQ(datagrams.size(), 30u);
  for (size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(datagrams[i].size(), i == 29 ? 77u : 1200u);
    EXPECT_EQ(datagrams[i][0], i);
  }
  EXPECT_EQ(one_->counters().datagrams_out, 30u);
  EXPECT_EQ(other_->counters().datagrams_in, 30u);
  if (one_->uses_offload()) {
    EXPECT_EQ(one_->counters().send_calls, 1u);
  }
}

TEST_P(UdpSocketTest, ManyBatchesGoInOrderAndNameTheirSender) {
  const UdpAddress to = other_->local_address();
  std::vector<Bytes> bytes;
  for (uint8_t i = 0; i < 100; ++i) bytes.push_back(Bytes(10 + i, i));
  std::vector<OutputBatch> batches;
  for (const Bytes& one : bytes) {
    batches.push_back({.peer_address = to.bytes(), .bytes = one, .segment_len = one.size()});
  }
  EXPECT_EQ(one_->Send(batches), batches.size());
  EXPECT_EQ(Receive(other_.get(), 100), bytes);
  EXPECT_EQ(one_->Send(std::span(batches).first(1)), 1u);
  pollfd readable{.fd = other_->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&readable, 1, 5000), 1);
  const auto received = other_->Receive();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(UdpAddress::Of(received[0].peer_address), one_->local_address());
  EXPECT_EQ(received[0].host_len, 4u);
  EXPECT_TRUE(other_->Receive().empty());
}

// What the kernel does not take is given up, and nothing behind it waits.
TEST_P(UdpSocketTest, WhatCannotBeSentIsCountedAndPassedOver) {
  const UdpAddress to = other_->local_address();
  const Bytes too_long(65520);
  const Bytes shorter(65510);
  const Bytes two = Numbered(2, 65000, 500);
  const Bytes good = {1, 2, 3};
  const Bytes no_address = {9};
  const std::vector<OutputBatch> batches = {
      {.peer_address = to.bytes(), .bytes = too_long, .segment_len = too_long.size(), .id = 7},
      {.peer_address = no_address, .bytes = good, .segment_len = 3, .id = 8},
      {.peer_address = to.bytes(), .bytes = too_long, .segment_len = too_long.size(), .id = 9},
      {.peer_address = to.bytes(), .bytes = shorter, .segment_len = shorter.size(), .id = 9},
      {.peer_address = to.bytes(), .bytes = two, .segment_len = 65000, .id = 9},
      {.peer_address = to.bytes(), .bytes = too_long, .segment_len = too_long.size()},
      {.peer_address = to.bytes(), .bytes = good, .segment_len = 3}};
  EXPECT_EQ(one_->Send(batches), batches.size());
  EXPECT_EQ(one_->counters().send_failures, 5u);
  // Each association hears of its own, once, and of nobody's nobody does.
  const auto too_large = one_->too_large();
  ASSERT_EQ(too_large.size(), 2u);
  EXPECT_EQ(too_large[0].id, 7u);
  EXPECT_EQ(too_large[0].len, too_long.size());
  EXPECT_EQ(too_large[1].id, 9u);
  EXPECT_EQ(too_large[1].len, shorter.size());
  const std::vector<Bytes> datagrams = Receive(other_.get(), 3);
  ASSERT_EQ(datagrams.size(), 3u);
  EXPECT_EQ(datagrams[0].size(), 65000u);
  EXPECT_EQ(datagrams[1].size(), 500u);
  EXPECT_EQ(datagrams[2], good);
  EXPECT_EQ(one_->Send({}), 0u);
  EXPECT_TRUE(one_->too_large().empty());
}

// A way that takes no segments, as through a device without checksums, and others that do.
TEST_P(UdpSocketTest, SegmentsAreGivenUpOnceTheyHaveFailedTimeAfterTime) {
  if (!one_->uses_offload()) GTEST_SKIP() << "there are no segments to give up";
  const UdpAddress to = other_->local_address();
  const Bytes bytes = Numbered(5, 100, 100);
  const OutputBatch batch{.peer_address = to.bytes(), .bytes = bytes, .segment_len = 100};
  // The kernel segments nothing without checksums.
  const auto set_checksums = [this](bool on) {
    const int off = on ? 0 : 1;
    ASSERT_EQ(setsockopt(one_->fd(), SOL_SOCKET, SO_NO_CHECK, &off, sizeof(off)), 0);
  };
  // What passes in no form says nothing of segments.
  const Bytes no_address = {9};
  const OutputBatch to_nowhere{.peer_address = no_address, .bytes = bytes, .segment_len = 100};
  for (int i = 0; i < 20; ++i) ASSERT_EQ(one_->Send({&to_nowhere, 1}), 1u);
  EXPECT_EQ(one_->counters().send_failures, 100u);
  EXPECT_TRUE(one_->uses_offload());
  constexpr int kFew = 7;
  for (int round = 0; round < 3; ++round) {
    set_checksums(false);
    for (int i = 0; i < kFew; ++i) ASSERT_EQ(one_->Send({&batch, 1}), 1u);
    EXPECT_TRUE(one_->uses_offload());
    set_checksums(true);
    const uint64_t before = one_->counters().send_calls;
    ASSERT_EQ(one_->Send({&batch, 1}), 1u);
    EXPECT_EQ(one_->counters().send_calls, before + 1) << "one call takes all segments";
    ASSERT_EQ(Receive(other_.get(), 5 * (kFew + 1)).size(), 5u * (kFew + 1));
  }
  set_checksums(false);
  for (int i = 0; i < kFew + 1; ++i) ASSERT_EQ(one_->Send({&batch, 1}), 1u);
  EXPECT_FALSE(one_->uses_offload());
  EXPECT_EQ(one_->counters().send_failures, 100u);
  EXPECT_EQ(Receive(other_.get(), 5 * (kFew + 1)).size(), 5u * (kFew + 1));
}

// Nobody on the way is to take datagrams to pieces.
TEST(UdpSocketOpenTest, DatagramsAreNotFragmented) {
  for (const char* const address : {"127.0.0.1:0", "[::]:0"}) {
    std::string error;
    const auto socket = UdpSocket::Open({.address = address}, &error);
    ASSERT_NE(socket, nullptr) << error;
    int value = -1;
    socklen_t len = sizeof(value);
    ASSERT_EQ(getsockopt(socket->fd(), IPPROTO_IP, IP_MTU_DISCOVER, &value, &len), 0) << address;
    EXPECT_EQ(value, IP_PMTUDISC_DO) << address;
    int family = AF_UNSPEC;
    len = sizeof(family);
    ASSERT_EQ(getsockopt(socket->fd(), SOL_SOCKET, SO_DOMAIN, &family, &len), 0);
    if (family != AF_INET6) continue;
    len = sizeof(value);
    ASSERT_EQ(getsockopt(socket->fd(), IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value, &len), 0);
    EXPECT_EQ(value, IPV6_PMTUDISC_DO);
  }
}

TEST(UdpSocketOpenTest, SaysWhyItCannot) {
  std::string error;
  EXPECT_EQ(UdpSocket::Open({.address = "somewhere"}, &error), nullptr);
  EXPECT_EQ(error, "\"somewhere\" is no address with a port, as 192.0.2.1:4433 is.");
  const auto socket = UdpSocket::Open({.address = "127.0.0.1:0"}, &error);
  ASSERT_NE(socket, nullptr) << error;
  const std::string taken = socket->local_address().ToString();
  EXPECT_EQ(UdpSocket::Open({.address = taken}, &error), nullptr);
  EXPECT_EQ(error, "Cannot listen at " + taken + ": Address already in use.");
  EXPECT_EQ(UdpSocket::Open({.address = "192.0.2.1:0"}, &error), nullptr);
  EXPECT_NE(error, "");
}

TEST(UdpSocketOpenTest, SeveralShareAPortThatSaySo) {
  std::string error;
  const auto one = UdpSocket::Open({.address = "127.0.0.1:0", .reuse_port = true}, &error);
  ASSERT_NE(one, nullptr) << error;
  const auto other =
      UdpSocket::Open({.address = one->local_address().ToString(), .reuse_port = true}, &error);
  EXPECT_NE(other, nullptr) << error;
}

// A host with several addresses answers from the one that was asked.
TEST(UdpSocketOpenTest, AnswersFromTheAddressThatWasAsked) {
  for (const char* const any_text : {"0.0.0.0:0", "[::]:0"}) {
    std::string error;
    const auto any = UdpSocket::Open({.address = any_text, .tells_local_addresses = true}, &error);
    ASSERT_NE(any, nullptr) << error;
    const auto peer = UdpSocket::Open({.address = "127.0.0.1:0"}, &error);
    ASSERT_NE(peer, nullptr) << error;
    const auto to = UdpAddress::Parse("127.1.2.3:" + std::to_string(any->local_address().port()));
    const Bytes bytes = {1, 2, 3, 4};
    const OutputBatch there{.peer_address = to->bytes(), .bytes = bytes, .segment_len = 2};
    ASSERT_EQ(peer->Send({&there, 1}), 1u);
    pollfd readable{.fd = any->fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(poll(&readable, 1, 5000), 1);
    const auto received = any->Receive();
    ASSERT_GE(received.size(), 1u);
    const auto from = UdpAddress::Of(received[0].peer_address);
    ASSERT_TRUE(from);
    EXPECT_EQ(from->local().ToString(), "127.1.2.3:0");
    EXPECT_EQ(from->WithLocal({}), peer->local_address());
    const OutputBatch back{
        .peer_address = received[0].peer_address, .bytes = bytes, .segment_len = 2};
    EXPECT_EQ(any->Send({&back, 1}), 1u);
    readable.fd = peer->fd();
    ASSERT_EQ(poll(&readable, 1, 5000), 1);
    EXPECT_EQ(UdpAddress::Of(peer->Receive()[0].peer_address), to);
  }
}

// [::] is every address of both families.
TEST(UdpSocketOpenTest, ServesIpv4PeersByAnySocket) {
  std::string error;
  const auto any = UdpSocket::Open({}, &error);
  ASSERT_NE(any, nullptr) << error;
  const auto peer = UdpSocket::Open({.address = "127.0.0.1:0"}, &error);
  ASSERT_NE(peer, nullptr) << error;
  const auto to = UdpAddress::Parse("127.0.0.1:" + std::to_string(any->local_address().port()));
  const Bytes bytes = {1, 2, 3};
  const OutputBatch there{.peer_address = to->bytes(), .bytes = bytes, .segment_len = 3};
  ASSERT_EQ(peer->Send({&there, 1}), 1u);
  pollfd readable{.fd = any->fd(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&readable, 1, 5000), 1);
  const auto received = any->Receive();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(UdpAddress::Of(received[0].peer_address), peer->local_address());
  const OutputBatch back{
      .peer_address = received[0].peer_address, .bytes = bytes, .segment_len = 3};
  EXPECT_EQ(any->Send({&back, 1}), 1u);
  readable.fd = peer->fd();
  EXPECT_EQ(poll(&readable, 1, 5000), 1);
}

}  // namespace
}  // namespace dtls13
