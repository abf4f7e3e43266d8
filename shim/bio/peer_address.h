// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_PEER_ADDRESS_H_
#define DTLS13_SHIM_BIO_PEER_ADDRESS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

struct AddressFree {
  void operator()(BIO_ADDR* address) const { BIO_ADDR_free(address); }
};
using AddressPtr = std::unique_ptr<BIO_ADDR, AddressFree>;

// EncodedAddress is an address that can be compared and put into a cookie: family, address, port.
// An IPv4 address has one encoding, whether a socket of IPv4 or of IPv6 names it. An IPv6 scope is
// not in it. Empty for what is no such address.
class EncodedAddress {
 public:
  EncodedAddress() = default;
  explicit EncodedAddress(const BIO_ADDR* address);

  std::span<const uint8_t> bytes() const { return std::span(bytes_).first(len_); }
  bool empty() const { return len_ == 0; }
  // names_one_host is false for the unspecified address, for multicast and for broadcast to all,
  // which a datagram can be sent to, and be answered by another.
  bool names_one_host() const;

 private:
  static constexpr size_t kFamilyLen = 2;
  static constexpr size_t kPortLen = 2;
  static constexpr size_t kMaxIpLen = 16;

  // ip is the address itself.
  std::span<const uint8_t> ip() const {
    return bytes().subspan(kFamilyLen, len_ - kFamilyLen - kPortLen);
  }

  std::array<uint8_t, kFamilyLen + kMaxIpLen + kPortLen> bytes_;
  size_t len_ = 0;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_PEER_ADDRESS_H_
