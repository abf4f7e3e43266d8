// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_EXAMPLES_UDP_SOCKET_H_
#define DTLS13_EXAMPLES_UDP_SOCKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dtls13/association.h"
#include "dtls13/wire/time.h"

namespace examples {

// Now and WallNow are the two clocks that the library is told.
dtls13::Instant Now();
dtls13::WallTime WallNow();

std::span<const uint8_t> BytesOf(std::string_view text);
std::string_view TextOf(std::span<const uint8_t> bytes);

// Fail prints `reason` and returns the exit code 1.
int Fail(std::string_view reason);

// UdpSocket is what a client of one Association needs beside the library: a UDP socket that sends
// to a port of 127.0.0.1, and the loop of the association on it. The socket knows nothing of DTLS:
// it carries what the library has to send, tells it what came, and wakes it when it asked for it.
// Where there is no such socket it ends the process.
class UdpSocket {
 public:
  explicit UdpSocket(uint16_t peer_port);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  // NextEvent sends all that is owed, and then polls: once there is no event left, nothing is owed
  // either. An event's data are valid until Wait.
  std::optional<dtls13::Event> NextEvent(dtls13::Association& association);

  // Wait hands in the next datagram, or the time that it is where none comes before NextTimeout.
  // False, at once, when the association has failed or was closed.
  bool Wait(dtls13::Association& association);

  // SendData makes one datagram of application data and sends it.
  void SendData(dtls13::Association& association, std::span<const uint8_t> data);

 private:
  // Receive waits for a datagram until `deadline`, for ever where there is none; empty if none
  // came.
  std::span<uint8_t> Receive(std::optional<dtls13::Instant> deadline);
  // Send sends the first `len` bytes of out_.
  void Send(size_t len) const;

  int fd_;
  std::array<uint8_t, 65536> in_;
  std::array<uint8_t, 2048> out_;
};

}  // namespace examples

#endif  // DTLS13_EXAMPLES_UDP_SOCKET_H_
