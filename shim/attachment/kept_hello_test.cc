// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/kept_hello.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13::shim {
namespace {

TEST(KeptHelloTest, TheDatagramGoesAndTheAddressStays) {
  const std::vector<uint8_t> datagram = {1, 2, 3};
  const std::vector<uint8_t> address = {4, 5};
  AddressPtr peer(BIO_ADDR_new());
  BIO_ADDR* const raw = peer.get();
  KeptHello kept;
  EXPECT_FALSE(kept.has_datagram());
  kept.Keep(datagram, address, std::move(peer));
  ASSERT_TRUE(kept.has_datagram());
  kept.datagram()[0] = 9;
  EXPECT_EQ(kept.TakeDatagram(), (std::vector<uint8_t>{9, 2, 3}));
  EXPECT_FALSE(kept.has_datagram());
  EXPECT_TRUE(kept.TakeDatagram().empty());
  EXPECT_EQ(kept.address(), address);
  EXPECT_EQ(kept.peer(), raw);
}

TEST(KeptHelloTest, AnotherHelloTakesThePlaceOfAllOfTheFirst) {
  KeptHello kept;
  kept.Keep(std::vector<uint8_t>{1, 2, 3}, {4, 5}, AddressPtr(BIO_ADDR_new()));
  kept.Keep(std::vector<uint8_t>{6}, {}, nullptr);
  EXPECT_EQ(kept.TakeDatagram(), (std::vector<uint8_t>{6}));
  EXPECT_TRUE(kept.address().empty());
  EXPECT_EQ(kept.peer(), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
