// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp_address.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

TEST(UdpAddressTest, ReadsWhatItWrites) {
  for (const char* const text :
       {"127.0.0.1:4433", "0.0.0.0:0", "[::1]:65535", "[2001:db8::7]:1", "[fe80::1%7]:4433"}) {
    const auto address = UdpAddress::Parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->ToString(), text);
    EXPECT_EQ(UdpAddress::Of(address->bytes()), address);
    sockaddr_storage sockaddr;
    address->ToSockaddr(address->is_v4() ? AF_INET : AF_INET6, &sockaddr);
    EXPECT_EQ(UdpAddress::FromSockaddr(sockaddr), *address);
  }
  EXPECT_EQ(UdpAddress::Parse("[fe80::1%lo]:5")->ToString(), "[fe80::1%1]:5");
}

TEST(UdpAddressTest, RefusesWhatIsNoAddress) {
  for (const char* const text :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1.2.3:4", "127.0.0.1:4x",
        "127.0.0.1:-4", "localhost:4", "::1:5", "[::1]5", "[::1:5", "[]:5", "[1.2.3.4]:5",
        "[fe80::1%]:5", "[fe80::1%no-such-interface]:5"}) {
    EXPECT_FALSE(UdpAddress::Parse(text)) << text;
  }
  for (const size_t len : {0, 5, 7, 9, 11, 17, 19, 21, 23, 33, 35, 37, 39, 64}) {
    EXPECT_FALSE(UdpAddress::Of(Bytes(len))) << len;
  }
}

// A socket of both families shows IPv4 peers so, and they are the same peers.
TEST(UdpAddressTest, MapsIpv4IntoIpv6AndBack) {
  const auto address = UdpAddress::Parse("192.0.2.1:4433");
  sockaddr_storage mapped;
  EXPECT_EQ(address->ToSockaddr(AF_INET6, &mapped), sizeof(sockaddr_in6));
  EXPECT_EQ(mapped.ss_family, AF_INET6);
  EXPECT_EQ(UdpAddress::FromSockaddr(mapped), *address);
  EXPECT_EQ(address->port(), 4433);
}

// The address that a peer sends to is part of where it is.
TEST(UdpAddressTest, HasOurOwnAddressBehindThePeers) {
  for (const auto& [peer_text, local_text, shown] :
       {std::array{"192.0.2.1:4433", "127.0.0.7:99", "127.0.0.7:0"},
        std::array{"[2001:db8::1]:4433", "[::7]:5", "[::7]:0"},
        std::array{"[fe80::1%1]:4433", "[fe80::7]:0", "[fe80::7]:0"}}) {
    const auto peer = UdpAddress::Parse(peer_text);
    EXPECT_TRUE(peer->local().empty());
    const UdpAddress both = peer->WithLocal(*UdpAddress::Parse(local_text));
    EXPECT_NE(both, *peer);
    EXPECT_EQ(UdpAddress::Of(both.bytes()), both);
    EXPECT_EQ(both.ToString(), peer_text);
    EXPECT_EQ(both.port(), 4433);
    EXPECT_EQ(both.local().ToString(), shown);
    EXPECT_EQ(both.WithLocal({}), *peer);
    sockaddr_storage sockaddr;
    both.ToSockaddr(both.is_v4() ? AF_INET : AF_INET6, &sockaddr);
    EXPECT_EQ(UdpAddress::FromSockaddr(sockaddr), *peer);
  }
  const auto v4 = UdpAddress::Parse("192.0.2.1:4433");
  EXPECT_EQ(v4->WithLocal(*UdpAddress::Parse("[::1]:0")), *v4) << "another family";
}

TEST(UdpAddressTest, AHostIsAnIpv4AddressOrAnIpv6Network) {
  const auto v4 = UdpAddress::Parse("192.0.2.1:4433");
  EXPECT_EQ(v4->host_len(), 4u);
  const auto one = UdpAddress::Parse("[2001:db8:1:2::1]:4433");
  const auto other = UdpAddress::Parse("[2001:db8:1:2:3::1]:5");
  ASSERT_EQ(one->host_len(), 8u);
  EXPECT_TRUE(std::ranges::equal(one->bytes().first(8), other->bytes().first(8)));
}

TEST(UdpAddressTest, AnotherFamilyIsEmpty) {
  sockaddr_storage sockaddr{};
  sockaddr.ss_family = AF_UNIX;
  const UdpAddress address = UdpAddress::FromSockaddr(sockaddr);
  EXPECT_TRUE(address.empty());
  EXPECT_EQ(address.port(), 0);
  EXPECT_EQ(address.ToString(), "");
}

}  // namespace
}  // namespace dtls13
