// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/peer_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dtls13::shim {
namespace {

EncodedAddress Encode(const std::string& ip, uint16_t port = 4433) {
  const int family = ip.find(':') == std::string::npos ? AF_INET : AF_INET6;
  unsigned char raw[sizeof(in6_addr)];
  EXPECT_EQ(inet_pton(family, ip.c_str(), raw), 1);
  const AddressPtr address(BIO_ADDR_new());
  BIO_ADDR_rawmake(address.get(), family, raw,
                   family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr), htons(port));
  return EncodedAddress(address.get());
}

std::vector<uint8_t> BytesOf(const EncodedAddress& address) {
  return {address.bytes().begin(), address.bytes().end()};
}

TEST(PeerAddressTest, AddressAndPortTellHostsApart) {
  EXPECT_EQ(BytesOf(Encode("192.0.2.1")), BytesOf(Encode("192.0.2.1")));
  EXPECT_NE(BytesOf(Encode("192.0.2.1")), BytesOf(Encode("192.0.2.2")));
  EXPECT_NE(BytesOf(Encode("192.0.2.1", 1)), BytesOf(Encode("192.0.2.1", 2)));
  EXPECT_NE(BytesOf(Encode("2001:db8::1")), BytesOf(Encode("2001:db8::2")));
}

TEST(PeerAddressTest, ASocketOfIpv6NamesTheSameIpv4Host) {
  EXPECT_EQ(BytesOf(Encode("::ffff:192.0.2.1")), BytesOf(Encode("192.0.2.1")));
  EXPECT_NE(BytesOf(Encode("::192.0.2.1")), BytesOf(Encode("192.0.2.1")));
}

TEST(PeerAddressTest, NothingIsNoAddress) {
  const AddressPtr none(BIO_ADDR_new());
  EXPECT_TRUE(EncodedAddress(none.get()).empty());
  EXPECT_TRUE(EncodedAddress(nullptr).empty());
  EXPECT_FALSE(EncodedAddress(none.get()).names_one_host());
}

TEST(PeerAddressTest, NotEveryDestinationAnswersByItsName) {
  for (const char* one : {"192.0.2.1", "127.0.0.1", "2001:db8::1", "::1", "::ffff:192.0.2.1"}) {
    EXPECT_TRUE(Encode(one).names_one_host()) << one;
  }
  for (const char* many : {"0.0.0.0", "255.255.255.255", "224.0.0.1", "239.1.2.3", "::", "ff02::1",
                           "::ffff:0.0.0.0"}) {
    EXPECT_FALSE(Encode(many).names_one_host()) << many;
  }
}

}  // namespace
}  // namespace dtls13::shim
