// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SETTLED_SSLS_H_
#define DTLS13_SHIM_ATTACHMENT_SETTLED_SSLS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// SettledSsls are SSLs that have an attachment and are libssl's, with nothing left for the shim to
// do around a call: whose handshake libssl has done. Each record of theirs is asked about several
// times, also by libssl itself, and a look into an SSL's slot is as much as they may cost in all.
//
// One that is not in here may be settled as well: each place has room for one of many SSLs. As long
// as one is in here, it is. It does not know what an SSL is, nor look into one.
class SettledSsls {
 public:
  static bool Has(const SSL* ssl) { return PlaceOf(ssl).load(std::memory_order_relaxed) == ssl; }
  static void Add(const SSL* ssl) { PlaceOf(ssl).store(ssl, std::memory_order_relaxed); }
  // Remove comes before the SSL is anything else, and before its memory is another's. One thread at
  // a time uses an SSL, so none is in between.
  static void Remove(const SSL* ssl) {
    const SSL* expected = ssl;
    PlaceOf(ssl).compare_exchange_strong(expected, nullptr, std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kNumPlaces = 256;  // 2 KiB

  static std::atomic<const SSL*>& PlaceOf(const SSL* ssl) {
    // An SSL is some KB long, and malloc gives multiples of 16.
    const auto address = reinterpret_cast<uintptr_t>(ssl);
    return places_[(address >> 4 ^ address >> 12) % kNumPlaces];
  }

  static inline constinit std::array<std::atomic<const SSL*>, kNumPlaces> places_{};
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SETTLED_SSLS_H_
