// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_ADDRESS_H_
#define DTLS13_UDP_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dtls13 {

// UdpAddress is an IPv4 or IPv6 address and a port, as a UdpDriver tells it to its Endpoint: the
// address's 4 or 16 bytes, the port's 2, and an IPv6 scope's 4 where there is one. An IPv4 address
// that a socket of both families shows mapped into IPv6 is the IPv4 address. Behind that may stand
// our own address's 4 or 16 bytes, which the peer sends to and hears from
// (UdpDriverOptions::tells_local_addresses).
class UdpAddress {
 public:
  static constexpr size_t kMaxLen = 38;

  UdpAddress() = default;
  // Of reads what bytes() has written. Nothing for another length.
  static std::optional<UdpAddress> Of(std::span<const uint8_t> bytes);
  // FromSockaddr is empty for another family.
  static UdpAddress FromSockaddr(const sockaddr_storage& address);
  // Parse reads "192.0.2.1:4433" and "[2001:db8::1%eth0]:4433"; no names are looked up.
  static std::optional<UdpAddress> Parse(std::string_view text);

  bool empty() const { return len_ == 0; }
  std::span<const uint8_t> bytes() const { return std::span(bytes_).first(len_); }
  // host_len is how many of bytes() one customer of a network provider's has: an IPv4 address's 4,
  // and of an IPv6 address the 8 of its /64.
  size_t host_len() const { return is_v4() ? 4 : 8; }
  bool is_v4() const { return len_ == 6 || len_ == 10; }
  uint16_t port() const;
  // WithLocal is this address with the address of `local` as our own; of the same family.
  UdpAddress WithLocal(const UdpAddress& local) const;
  // local is our own address, of which the port is 0; empty where none was told.
  UdpAddress local() const;
  // ToSockaddr returns the length; `family` AF_INET6 maps an IPv4 address.
  socklen_t ToSockaddr(int family, sockaddr_storage* out) const;
  // ToString is what Parse reads, with a number for the scope, and without our own address.
  std::string ToString() const;

  friend bool operator==(const UdpAddress&, const UdpAddress&) = default;

 private:
  size_t peer_len() const;

  std::array<uint8_t, kMaxLen> bytes_{};
  uint8_t len_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_UDP_ADDRESS_H_
