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
#include <iostream>

namespace examples {
namespace {

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

}  // namespace

dtls13::Instant Now() {
  return dtls13::Instant(std::chrono::duration_cast<dtls13::Duration>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

dtls13::WallTime WallNow() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

int Fail(std::string_view reason) {
  std::cerr << reason << std::endl;
  return 1;
}

UdpSocket::UdpSocket(uint16_t peer_port) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  Require(fd_ >= 0, "socket");
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(peer_port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(connect(fd_, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) == 0, "connect");
}

UdpSocket::~UdpSocket() { close(fd_); }

std::span<uint8_t> UdpSocket::Receive(std::optional<dtls13::Instant> deadline) {
  int timeout_ms = -1;
  if (deadline) {
    // Rounded up, so that the deadline has come when the wait ends.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now());
    timeout_ms = std::max(0, static_cast<int>(left.count()));
  }
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, timeout_ms) <= 0) return {};
  const ssize_t len = recv(fd_, in_.data(), in_.size(), MSG_DONTWAIT);
  return len < 0 ? std::span<uint8_t>() : std::span(in_).first(static_cast<size_t>(len));
}

// What cannot be sent is lost, as any datagram may be.
void UdpSocket::Send(size_t len) const { send(fd_, out_.data(), len, 0); }

std::optional<dtls13::Event> UdpSocket::NextEvent(dtls13::Association& association) {
  while (const size_t len = association.PollTransmit(out_, Now())) Send(len);
  return association.PollEvent();
}

bool UdpSocket::Wait(dtls13::Association& association) {
  if (association.facts().failed || association.facts().close_sent) return false;
  const std::span<uint8_t> datagram = Receive(association.NextTimeout());
  association.HandleTimeout(Now());
  if (!datagram.empty()) association.HandleDatagram(datagram, Now());
  return true;
}

void UdpSocket::SendData(dtls13::Association& association, std::span<const uint8_t> data) {
  size_t len = 0;
  if (association.Seal(data, out_, &len) == dtls13::SendResult::kSealed) Send(len);
}

}  // namespace examples
