// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/plain_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "udp_notif/message.h"

namespace dtls13::udp_notif {
namespace {

constexpr int kReceiveBufferLen = 4 << 20;

// The address without its port, as ToString has it before the last colon.
std::string HostOf(const UdpAddress& address) {
  const std::string text = address.ToString();
  return text.substr(0, text.rfind(':'));
}

}  // namespace

PlainPort::PlainPort(int fd) : fd_(fd), buffer_(kMaxMessageLen) {}

PlainPort::~PlainPort() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<std::unique_ptr<PlainPort>> PlainPort::Bind(const UdpAddress& address) {
  sockaddr_storage where{};
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  const socklen_t len = address.ToSockaddr(family, &where);
  const int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::unique_ptr<PlainPort> port(new PlainPort(fd));
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&where), len) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", address.ToString(), ": ", std::strerror(errno), "."));
  }
  // As much as the system allows.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferLen, sizeof(kReceiveBufferLen));
  return port;
}

std::optional<PlainPort::Datagram> PlainPort::Receive() {
  sockaddr_storage from{};
  socklen_t from_len = sizeof(from);
  const ssize_t len = recvfrom(fd_, buffer_.data(), buffer_.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &from_len);
  if (len < 0) return std::nullopt;
  const UdpAddress address = UdpAddress::FromSockaddr(from);
  return Datagram{.host = HostOf(address),
                  .port = address.port(),
                  .octets = std::span(buffer_).first(static_cast<size_t>(len))};
}

UdpAddress PlainPort::address() const {
  sockaddr_storage address{};
  socklen_t len = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &len) != 0) return {};
  return UdpAddress::FromSockaddr(address);
}

}  // namespace dtls13::udp_notif
