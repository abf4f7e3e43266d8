// SPDX-License-Identifier: Apache-2.0
#include "tools/query/resolver_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dtls13::query {

std::unique_ptr<ResolverSocket> ResolverSocket::Open(const UdpAddress& resolver,
                                                     std::string* error) {
  const int family = resolver.is_v4() ? AF_INET : AF_INET6;
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = std::string("there is no socket to the resolver: ") + std::strerror(errno) + ".";
    return nullptr;
  }
  std::unique_ptr<ResolverSocket> made(new ResolverSocket(fd));
  sockaddr_storage address = {};
  const socklen_t len = resolver.ToSockaddr(family, &address);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), len) != 0) {
    *error =
        "the resolver " + resolver.ToString() + " cannot be reached: " + std::strerror(errno) + ".";
    return nullptr;
  }
  return made;
}

ResolverSocket::~ResolverSocket() { close(fd_); }

size_t ResolverSocket::Receive(std::span<uint8_t> out) const {
  const ssize_t len = recv(fd_, out.data(), out.size(), 0);
  return len > 0 ? static_cast<size_t>(len) : 0;
}

void ResolverSocket::Send(std::span<const uint8_t> datagram) const {
  // An error that it tells is of an earlier datagram, and one more try is this one's own.
  for (int i = 0; i < 2; ++i) {
    if (send(fd_, datagram.data(), datagram.size(), 0) >= 0 || errno != ECONNREFUSED) return;
  }
}

}  // namespace dtls13::query
