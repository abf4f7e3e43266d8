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
#include <iostream>

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
  const ssize_t len = recvfrom(fd_, in_.data(), in_.size(), MSG_DONTWAIT,
                               reinterpret_cast<sockaddr*>(&sender_), &sender_len);
  return len < 0 ? std::span<uint8_t>() : std::span(in_).first(static_cast<size_t>(len));
}

// What cannot be sent is lost, as any datagram may be.
void UdpSocket::Send(size_t len, std::span<const uint8_t> address) const {
  sockaddr_in to{};
  if (address.size() == sizeof(to)) std::memcpy(&to, address.data(), sizeof(to));
  sendto(fd_, out_.data(), len, 0, address.empty() ? nullptr : reinterpret_cast<sockaddr*>(&to),
         address.empty() ? 0 : sizeof(to));
}

std::optional<dtls13::Event> UdpSocket::NextEvent(dtls13::Association& association) {
  while (const size_t len = association.PollTransmit(out_, Now())) Send(len, {});
  return association.PollEvent();
}

std::optional<dtls13::TableEvent> UdpSocket::NextEvent(dtls13::AssociationTable& table) {
  while (const auto owed = table.PollTransmit(out_, Now())) Send(owed->len, owed->peer_address);
  return table.PollEvent();
}

bool UdpSocket::Wait(dtls13::Association& association) {
  if (association.facts().failed || association.facts().close_sent) return false;
  const std::span<uint8_t> datagram = Receive(association.NextTimeout());
  association.HandleTimeout(Now());
  if (!datagram.empty()) association.HandleDatagram(datagram, Now());
  return true;
}

void UdpSocket::Wait(dtls13::AssociationTable& table) {
  const std::span<uint8_t> datagram = Receive(table.NextTimeout());
  const std::span<const uint8_t> sender(reinterpret_cast<const uint8_t*>(&sender_),
                                        sizeof(sender_));
  table.HandleTimeout(Now());
  if (!datagram.empty()) table.HandleDatagram(sender, datagram, Now(), WallNow());
}

void UdpSocket::SendData(dtls13::Association& association, std::span<const uint8_t> data,
                         std::span<const uint8_t> client) {
  size_t len = 0;
  if (association.Seal(data, out_, &len) == dtls13::SendResult::kSealed) Send(len, client);
}

}  // namespace examples
