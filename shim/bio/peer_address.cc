// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/peer_address.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace dtls13::shim {
namespace {

constexpr size_t kIpv4Len = 4;
// What stands before an IPv4 address where a socket of IPv6 names it (RFC 4291 section 2.5.5.2).
constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

EncodedAddress::EncodedAddress(const BIO_ADDR* address) {
  if (address == nullptr) return;
  int family = BIO_ADDR_family(address);
  std::array<uint8_t, kMaxIpLen> buffer;
  size_t ip_len = 0;
  // The buffer has room for either's, and each record from a socket asks.
  if ((family != AF_INET && family != AF_INET6) ||
      !BIO_ADDR_rawaddress(address, buffer.data(), &ip_len)) {
    return;
  }
  std::span<const uint8_t> ip = std::span(buffer).first(ip_len);
  if (family == AF_INET6 && std::ranges::equal(ip.first(kMappedPrefix.size()), kMappedPrefix)) {
    family = AF_INET;
    ip = ip.last(kIpv4Len);
  }
  bytes_[0] = static_cast<uint8_t>(family >> 8);
  bytes_[1] = static_cast<uint8_t>(family);
  std::ranges::copy(ip, bytes_.begin() + kFamilyLen);
  // In network order already, like the address.
  const unsigned short port = BIO_ADDR_rawport(address);
  std::memcpy(bytes_.data() + kFamilyLen + ip.size(), &port, kPortLen);
  len_ = kFamilyLen + ip.size() + kPortLen;
}

bool EncodedAddress::names_one_host() const {
  if (empty()) return false;
  const std::span<const uint8_t> ip = this->ip();
  const auto all_are = [ip](uint8_t value) {
    return std::ranges::all_of(ip, [value](uint8_t byte) { return byte == value; });
  };
  if (all_are(0x00) || all_are(0xff)) return false;
  return ip.size() == kIpv4Len ? (ip[0] & 0xf0) != 0xe0 : ip[0] != 0xff;
}

}  // namespace dtls13::shim
