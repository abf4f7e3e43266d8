// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/downgrade_mark.h"

#include <algorithm>
#include <array>

#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

constexpr size_t kRandomLen = SSL3_RANDOM_SIZE;
// With SSL_MODE_SEND_SERVERHELLO_TIME the random begins with the time.
constexpr size_t kTimeLen = 4;

constexpr std::array<uint8_t, 8> kBelowDtls12 = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 0};
constexpr std::array<uint8_t, 8> kDtls12 = {'D', 'O', 'W', 'N', 'G', 'R', 'D', 1};

thread_local const SSL* marked = nullptr;

}  // namespace

DowngradeMark::DowngradeMark(const SSL* ssl) : previous_(marked) {
  marked = ssl;
  num_set.fetch_add(1, std::memory_order_relaxed);
}

DowngradeMark::~DowngradeMark() {
  num_set.fetch_sub(1, std::memory_order_relaxed);
  marked = previous_;
}

void DowngradeMark::MarkRandom(std::span<uint8_t> drawn) {
  if (!IsAnySet()) return;
  const SSL* ssl = marked;
  if (ssl == nullptr || drawn.size() > kRandomLen || drawn.size() < kRandomLen - kTimeLen) return;
  // A session's identifier and its keys are as long. But where libssl has the random of its
  // ServerHello is where these bytes stand by now, and nowhere else.
  std::array<uint8_t, kRandomLen> random;
  if (Real().SSL_get_server_random(ssl, random.data(), random.size()) != random.size() ||
      !std::ranges::equal(std::span(random).last(drawn.size()), drawn)) {
    return;
  }
  //= rfc8446#section-4.1.3
  //# If negotiating TLS 1.2, TLS 1.3 servers MUST set the last 8 bytes of
  //# their Random value to the bytes:
  //= rfc8446#section-4.1.3
  //# If negotiating TLS 1.1 or below, TLS 1.3 servers MUST, and TLS 1.2
  //# servers SHOULD, set the last 8 bytes of their ServerHello.Random value
  //# to the bytes:
  //= rfc8446#section-4.1.3
  //# The last 8 bytes MUST be overwritten as described below if negotiating
  //# TLS 1.2 or TLS 1.1, but the remaining bytes MUST be random.
  //= rfc8446#section-4.1.3
  //# TLS 1.3 servers which negotiate TLS 1.2 or below in response to a
  //# ClientHello MUST set the last 8 bytes of their Random value specially
  //# in their ServerHello.
  const auto& mark = Real().SSL_version(ssl) == DTLS1_2_VERSION ? kDtls12 : kBelowDtls12;
  std::ranges::copy(mark, drawn.last(mark.size()).begin());
}

}  // namespace dtls13::shim
