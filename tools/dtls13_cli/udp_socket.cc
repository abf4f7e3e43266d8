// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/udp_socket.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::cli {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

absl::StatusOr<int> NewSocket() {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot make a UDP socket: ", std::strerror(errno), "."));
  }
  return fd;
}

}  // namespace

absl::StatusOr<UdpSocket> UdpSocket::Bound(uint16_t port) {
  const absl::StatusOr<int> fd = NewSocket();
  if (!fd.ok()) return fd.status();
  UdpSocket result(*fd);
  const sockaddr_in address = Loopback(port);
  if (bind(*fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return result;
  if (errno == EADDRINUSE) {
    return absl::UnavailableError(absl::StrCat("port ", port, " is in use."));
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen on port ", port, ": ", std::strerror(errno), "."));
}

absl::StatusOr<UdpSocket> UdpSocket::Connected(uint16_t port) {
  const absl::StatusOr<int> fd = NewSocket();
  if (!fd.ok()) return fd.status();
  UdpSocket result(*fd);
  const sockaddr_in address = Loopback(port);
  if (connect(*fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return result;
  }
  return absl::UnavailableError(
      absl::StrCat("cannot reach port ", port, ": ", std::strerror(errno), "."));
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

size_t UdpSocket::Receive(std::span<uint8_t> buffer, sockaddr_in* from) {
  socklen_t from_len = sizeof(*from);
  const ssize_t len =
      recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(from), &from_len);
  return len > 0 ? static_cast<size_t>(len) : 0;
}

void UdpSocket::SendTo(std::span<const uint8_t> datagram, const sockaddr_in& to) {
  (void)!sendto(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                sizeof(to));
}

void UdpSocket::Send(std::span<const uint8_t> datagram) {
  (void)!send(fd_, datagram.data(), datagram.size(), 0);
}

uint16_t UdpSocket::port() const {
  sockaddr_in address{};
  socklen_t len = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &len) != 0) return 0;
  return ntohs(address.sin_port);
}

}  // namespace dtls13::cli
