// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_PLAIN_PORT_H_
#define DTLS13_TOOLS_UDP_NOTIF_PLAIN_PORT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dtls13/udp_address.h"

namespace dtls13::udp_notif {

// PlainPort receives datagrams that nobody protects, from whoever sends them.
class PlainPort {
 public:
  static absl::StatusOr<std::unique_ptr<PlainPort>> Bind(const UdpAddress& address);
  ~PlainPort();
  PlainPort(const PlainPort&) = delete;
  PlainPort& operator=(const PlainPort&) = delete;

  struct Datagram {
    std::string host;
    uint16_t port = 0;
    std::span<const uint8_t> octets;  // until the next Receive
  };
  // Receive returns nothing when there is none now.
  std::optional<Datagram> Receive();

  int fd() const { return fd_; }
  UdpAddress address() const;

 private:
  explicit PlainPort(int fd);

  int fd_;
  std::vector<uint8_t> buffer_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_PLAIN_PORT_H_
