// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_EXAMPLES_UDP_SOCKET_H_
#define DTLS13_EXAMPLES_UDP_SOCKET_H_

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/time.h"

namespace examples {

// Now and WallNow are the two clocks that the library is told.
dtls13::Instant Now();
dtls13::WallTime WallNow();

// UdpSocket is what the examples need beside the library: a UDP socket on 127.0.0.1. Where there is
// no such socket it ends the process.
class UdpSocket {
 public:
  // A client's `peer_port` is where it sends. A server has none; the system chooses its port.
  explicit UdpSocket(std::optional<uint16_t> peer_port);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  uint16_t port() const;
  // Receive waits for a datagram until `deadline`, for ever where there is none. The datagram is
  // valid until the next call; empty if none came.
  std::span<uint8_t> Receive(std::optional<dtls13::Instant> deadline);
  // The sender of the last datagram, encoded as SendTo takes it.
  std::span<const uint8_t> sender() const;
  void Send(std::span<const uint8_t> datagram) const;
  void SendTo(std::span<const uint8_t> datagram, std::span<const uint8_t> address) const;

 private:
  int fd_;
  sockaddr_in sender_{};
  std::array<uint8_t, 65536> buffer_;
};

}  // namespace examples

#endif  // DTLS13_EXAMPLES_UDP_SOCKET_H_
