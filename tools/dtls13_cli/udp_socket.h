// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_UDP_SOCKET_H_
#define DTLS13_TOOLS_DTLS13_CLI_UDP_SOCKET_H_

#include <netinet/in.h>

#include <cstdint>
#include <span>
#include <utility>

#include "absl/status/statusor.h"

namespace dtls13::cli {

// UdpSocket is a non-blocking UDP socket on 127.0.0.1. Move-only; closes what it opened.
class UdpSocket {
 public:
  // Bound listens on `port`; 0 lets the system choose. "port 4433 is in use" is an error.
  static absl::StatusOr<UdpSocket> Bound(uint16_t port);
  // Connected sends to `port` and takes datagrams from there only.
  static absl::StatusOr<UdpSocket> Connected(uint16_t port);
  UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UdpSocket& operator=(UdpSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UdpSocket();

  // Receive returns the datagram's length, 0 when there is none now (or an empty one came).
  // `*from` is the sender.
  size_t Receive(std::span<uint8_t> buffer, sockaddr_in* from);
  // What cannot be sent is lost, as any datagram may be.
  void SendTo(std::span<const uint8_t> datagram, const sockaddr_in& to);
  void Send(std::span<const uint8_t> datagram);

  int fd() const { return fd_; }
  uint16_t port() const;

 private:
  explicit UdpSocket(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_UDP_SOCKET_H_
