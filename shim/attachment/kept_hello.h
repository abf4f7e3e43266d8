#ifndef DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_
#define DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "shim/bio/bio_transport.h"

namespace dtls13::shim {

// KeptHello is the client that a server has chosen to serve: the datagram with its ClientHello,
// taken from the BIO before anybody wanted it, and where it came from. The datagram is an
// association's or libssl's to take; the address stays as long as the connection. It does not know
// what the hello says.
class KeptHello {
 public:
  // Keep takes a datagram that `address` sent: encoded as the cookie was bound to it, empty where
  // the BIO cannot tell, and `peer` as the BIO gave it.
  void Keep(std::span<const uint8_t> datagram, std::vector<uint8_t> address, AddressPtr peer) {
    datagram_.assign(datagram.begin(), datagram.end());
    address_ = std::move(address);
    peer_ = std::move(peer);
  }

  bool has_datagram() const { return !datagram_.empty(); }
  std::span<uint8_t> datagram() { return datagram_; }
  // TakeDatagram returns it and keeps it no longer.
  std::vector<uint8_t> TakeDatagram() { return std::exchange(datagram_, {}); }

  const std::vector<uint8_t>& address() const { return address_; }
  // What SetPeer sends to; null where the BIO cannot tell.
  BIO_ADDR* peer() const { return peer_.get(); }

 private:
  std::vector<uint8_t> datagram_;
  std::vector<uint8_t> address_;
  AddressPtr peer_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_KEPT_HELLO_H_
