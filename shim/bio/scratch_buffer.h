// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_SCRATCH_BUFFER_H_
#define DTLS13_SHIM_BIO_SCRATCH_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dtls13::shim {

// kScratchLen holds the largest UDP datagram, and what a memory BIO gathers of several.
inline constexpr size_t kScratchLen = 65536;

// ScratchBuffer lends one of the thread's big buffers for the time of a call, so that an idle
// association has none of its own. A thread keeps two: SSL_read sends what is owed while the
// datagram it received still lies in its buffer. When the application's callbacks come back into
// the shim meanwhile, the inner call gets a buffer to itself.
class ScratchBuffer {
 public:
  ScratchBuffer();
  ~ScratchBuffer();
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;

  // bytes holds kScratchLen bytes.
  std::span<uint8_t> bytes() { return std::span(buffer_.get(), kScratchLen); }

 private:
  std::unique_ptr<uint8_t[]> buffer_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_SCRATCH_BUFFER_H_
