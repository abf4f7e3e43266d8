// SPDX-License-Identifier: Apache-2.0
#include "examples/udp_socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace examples {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

dtls13::Instant Now() {
  return dtls13::Instant(std::chrono::duration_cast<dtls13::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

dtls13::WallTime WallNow() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

UdpSocket::UdpSocket(std::optional<uint16_t> peer_port)
    : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  Require(fd_ >= 0, "socket");
  const sockaddr_in address = Loopback(peer_port.value_or(0));
  const auto* any_address = reinterpret_cast<const sockaddr*>(&address);
  if (peer_port) {
    Require(connect(fd_, any_address, sizeof(address)) == 0, "connect");
  } else {
    Require(bind(fd_, any_address, sizeof(address)) == 0, "bind");
  }
}

UdpSocket::~UdpSocket() { close(fd_); }

uint16_t UdpSocket::port() const {
  sockaddr_in address{};
  socklen_t len = sizeof(address);
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &len);
  return ntohs(address.sin_port);
}

std::span<uint8_t> UdpSocket::Receive(std::optional<dtls13::Instant> deadline) {
  int timeout_ms = -1;
  if (deadline) {
    // Rounded up, so that the deadline has come when the wait ends.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now());
    timeout_ms = std::max(0, static_cast<int>(left.count()));
  }
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, timeout_ms) <= 0) return {};
  socklen_t sender_len = sizeof(sender_);
  const ssize_t len = recvfrom(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&sender_), &sender_len);
  return len < 0 ? std::span<uint8_t>() : std::span(buffer_).first(static_cast<size_t>(len));
}

std::span<const uint8_t> UdpSocket::sender() const {
  return {reinterpret_cast<const uint8_t*>(&sender_), sizeof(sender_)};
}

// What cannot be sent is lost, as any datagram may be.
void UdpSocket::Send(std::span<const uint8_t> datagram) const {
  [[maybe_unused]] const ssize_t sent = send(fd_, datagram.data(), datagram.size(), 0);
}

void UdpSocket::SendTo(std::span<const uint8_t> datagram, std::span<const uint8_t> address) const {
  sockaddr_in to{};
  if (address.size() != sizeof(to)) return;
  std::memcpy(&to, address.data(), sizeof(to));
  sendto(fd_, datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr*>(&to),
         sizeof(to));
}

}  // namespace examples
