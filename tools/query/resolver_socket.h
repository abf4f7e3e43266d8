// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_RESOLVER_SOCKET_H_
#define DTLS13_TOOLS_QUERY_RESOLVER_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dtls13/udp_address.h"

namespace dtls13::query {

// ResolverSocket is a non-blocking UDP socket to one resolver: nobody else's datagrams come.
class ResolverSocket {
 public:
  // Open is null when the system has no such socket; `*error` is one sentence.
  static std::unique_ptr<ResolverSocket> Open(const UdpAddress& resolver, std::string* error);
  ~ResolverSocket();
  ResolverSocket(const ResolverSocket&) = delete;
  ResolverSocket& operator=(const ResolverSocket&) = delete;

  // Receive returns the length of a datagram, 0 without any.
  size_t Receive(std::span<uint8_t> out) const;
  // What cannot be sent is lost, as any datagram may be.
  void Send(std::span<const uint8_t> datagram) const;

  int fd() const { return fd_; }

 private:
  explicit ResolverSocket(int fd) : fd_(fd) {}

  const int fd_;
};

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_RESOLVER_SOCKET_H_
