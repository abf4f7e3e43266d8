// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_
#define DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/message/received_hello.h"
#include "shim/attachment/recent_hellos.h"
#include "shim/bio/bio_transport.h"

namespace dtls13::shim {

// KeptHello is the client that a server has chosen to serve: its ClientHello, taken from the BIO
// before anybody wanted it, and where it came from. The hello is an association's to take, or in a
// datagram libssl's; the address stays as long as the connection. It does not know what the hello
// says.
class KeptHello {
 public:
  // Accepted is a ClientHello that the listener has accepted.
  struct Accepted {
    std::shared_ptr<const ReceivedHello> hello;
    std::vector<uint8_t> datagram = {};  // that it came in; empty if it came in several
    size_t rest_len = 0;                 // of `datagram`: what lies behind it
    // Null where nobody else would be given the client.
    std::unique_ptr<LetThroughHello> let_through = nullptr;
  };

  // Keep takes a datagram that `address` sent: encoded as the cookie was bound to it, empty where
  // the BIO cannot tell, and `peer` as the BIO gave it.
  void Keep(std::span<const uint8_t> datagram, std::vector<uint8_t> address, AddressPtr peer) {
    datagram_.assign(datagram.begin(), datagram.end());
    address_ = std::move(address);
    peer_ = std::move(peer);
  }
  void Keep(Accepted accepted, std::vector<uint8_t> address, AddressPtr peer) {
    accepted_ = std::move(accepted);
    address_ = std::move(address);
    peer_ = std::move(peer);
  }

  bool has_accepted() const { return accepted_.hello != nullptr; }
  // TakeAccepted returns it and keeps it no longer.
  Accepted TakeAccepted() { return std::exchange(accepted_, {}); }

  bool has_datagram() const { return !datagram_.empty(); }
  std::span<uint8_t> datagram() { return datagram_; }
  // TakeDatagram returns it and keeps it no longer.
  std::vector<uint8_t> TakeDatagram() { return std::exchange(datagram_, {}); }

  const std::vector<uint8_t>& address() const { return address_; }
  // What SetPeer sends to; null where the BIO cannot tell.
  BIO_ADDR* peer() const { return peer_.get(); }

 private:
  Accepted accepted_;
  std::vector<uint8_t> datagram_;
  std::vector<uint8_t> address_;
  AddressPtr peer_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_
