// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_DOWNGRADE_MARK_H_
#define DTLS13_SHIM_LIBSSL_DOWNGRADE_MARK_H_

#include <atomic>
#include <cstdint>
#include <span>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// A server that has DTLS 1.3 and answers with an older version marks its random (RFC 8446 section
// 4.1.3). libssl does so for TLS alone, and has no switch for it. The random goes into the server's
// signature, its keys and what exporters give, so that it cannot be written over afterwards: the
// mark has to be there as soon as libssl has drawn it, which it does by libcrypto's RAND_bytes_ex.

// DowngradeMark marks the random of a ServerHello, while it lives, that libssl draws for `ssl` on
// this thread. A null `ssl` is nobody's; what stood before comes back.
class DowngradeMark {
 public:
  explicit DowngradeMark(const SSL* ssl);
  ~DowngradeMark();
  DowngradeMark(const DowngradeMark&) = delete;
  DowngradeMark& operator=(const DowngradeMark&) = delete;

  // IsAnySet is false where no thread has a mark, as nearly always: a look that costs nothing.
  static bool IsAnySet() { return num_set.load(std::memory_order_relaxed) > 0; }

  // MarkRandom looks at what libcrypto has just drawn, whoever asked for it, and writes the mark if
  // it is that random.
  static void MarkRandom(std::span<uint8_t> drawn);

 private:
  // A thread that has one sees its own count at once, and is not concerned by others'.
  static inline constinit std::atomic<int> num_set = 0;

  const SSL* const previous_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_DOWNGRADE_MARK_H_
