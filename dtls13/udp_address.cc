// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dtls13 {
namespace {

constexpr size_t kV4Len = 4;
constexpr size_t kV6Len = 16;
constexpr size_t kPortLen = 2;
constexpr size_t kScopeLen = 4;
constexpr size_t kV4PeerLen = kV4Len + kPortLen;
constexpr size_t kV6PeerLen = kV6Len + kPortLen;
constexpr size_t kV6ScopedPeerLen = kV6PeerLen + kScopeLen;

template <typename Number>
bool ParseNumber(std::string_view text, Number* out) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *out);
  return error == std::errc() && stop == end;
}

// A scope is an interface's name or number.
bool ParseScope(const std::string& text, uint32_t* out) {
  *out = if_nametoindex(text.c_str());
  return *out != 0 || ParseNumber(text, out);
}

bool ParseV6(std::string_view text, sockaddr_in6* out) {
  const size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    if (!ParseScope(std::string(text.substr(percent + 1)), &out->sin6_scope_id)) return false;
    text = text.substr(0, percent);
  }
  return inet_pton(AF_INET6, std::string(text).c_str(), &out->sin6_addr) == 1;
}

}  // namespace

std::optional<UdpAddress> UdpAddress::Of(std::span<const uint8_t> bytes) {
  constexpr std::array<size_t, 6> kLengths = {kV4PeerLen,       kV4PeerLen + kV4Len,
                                              kV6PeerLen,       kV6PeerLen + kV6Len,
                                              kV6ScopedPeerLen, kV6ScopedPeerLen + kV6Len};
  if (std::ranges::find(kLengths, bytes.size()) == kLengths.end()) return std::nullopt;
  UdpAddress address;
  std::ranges::copy(bytes, address.bytes_.begin());
  address.len_ = static_cast<uint8_t>(bytes.size());
  return address;
}

size_t UdpAddress::peer_len() const {
  if (is_v4()) return kV4PeerLen;
  if (len_ == kV6PeerLen || len_ == kV6PeerLen + kV6Len) return kV6PeerLen;
  return std::min<size_t>(len_, kV6ScopedPeerLen);
}

UdpAddress UdpAddress::WithLocal(const UdpAddress& local) const {
  UdpAddress both;
  both.len_ = static_cast<uint8_t>(peer_len());
  std::ranges::copy(bytes().first(both.len_), both.bytes_.begin());
  if (empty() || local.empty() || local.is_v4() != is_v4()) return both;
  const size_t local_len = is_v4() ? kV4Len : kV6Len;
  std::ranges::copy(local.bytes().first(local_len), both.bytes_.begin() + both.len_);
  both.len_ = static_cast<uint8_t>(both.len_ + local_len);
  return both;
}

UdpAddress UdpAddress::local() const {
  const auto local = bytes().subspan(peer_len());
  UdpAddress address;
  if (local.empty()) return address;
  std::ranges::copy(local, address.bytes_.begin());
  address.len_ = static_cast<uint8_t>(local.size() + kPortLen);
  return address;
}

UdpAddress UdpAddress::FromSockaddr(const sockaddr_storage& address) {
  UdpAddress out;
  const auto append = [&out](const void* bytes, size_t len) {
    std::memcpy(out.bytes_.data() + out.len_, bytes, len);
    out.len_ = static_cast<uint8_t>(out.len_ + len);
  };
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    append(&v4.sin_addr, kV4Len);
    append(&v4.sin_port, kPortLen);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      append(v6.sin6_addr.s6_addr + kV6Len - kV4Len, kV4Len);
      append(&v6.sin6_port, kPortLen);
    } else {
      append(&v6.sin6_addr, kV6Len);
      append(&v6.sin6_port, kPortLen);
      if (v6.sin6_scope_id != 0) append(&v6.sin6_scope_id, kScopeLen);
    }
  }
  return out;
}

std::optional<UdpAddress> UdpAddress::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  if (colon == std::string_view::npos || !ParseNumber(text.substr(colon + 1), &port)) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  sockaddr_storage address{};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (!ParseV6(host.substr(1, host.size() - 2), &v6)) return std::nullopt;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (inet_pton(AF_INET, std::string(host).c_str(), &v4.sin_addr) != 1) return std::nullopt;
  }
  return FromSockaddr(address);
}

uint16_t UdpAddress::port() const {
  if (empty()) return 0;
  const size_t at = is_v4() ? kV4Len : kV6Len;
  return static_cast<uint16_t>(bytes_[at] << 8 | bytes_[at + 1]);
}

socklen_t UdpAddress::ToSockaddr(int family, sockaddr_storage* out) const {
  *out = {};
  if (is_v4() && family == AF_INET) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(*out);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, bytes_.data(), kV4Len);
    v4.sin_port = htons(port());
    return sizeof(v4);
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(*out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port());
  if (is_v4()) {
    v6.sin6_addr.s6_addr[10] = v6.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(v6.sin6_addr.s6_addr + kV6Len - kV4Len, bytes_.data(), kV4Len);
  } else {
    std::memcpy(&v6.sin6_addr, bytes_.data(), kV6Len);
    if (peer_len() == kV6ScopedPeerLen) {
      std::memcpy(&v6.sin6_scope_id, bytes_.data() + kV6Len + kPortLen, kScopeLen);
    }
  }
  return sizeof(v6);
}

std::string UdpAddress::ToString() const {
  if (empty()) return "";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
  const std::string port = std::to_string(this->port());
  if (is_v4()) return std::string(text.data()) + ":" + port;
  std::string scope;
  if (peer_len() == kV6ScopedPeerLen) {
    uint32_t number = 0;
    std::memcpy(&number, bytes_.data() + kV6Len + kPortLen, kScopeLen);
    scope = "%" + std::to_string(number);
  }
  return "[" + std::string(text.data()) + scope + "]:" + port;
}

}  // namespace dtls13
