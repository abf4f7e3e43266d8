// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/scratch_buffer.h"

#include <array>

namespace dtls13::shim {
namespace {

constexpr size_t kNumSpares = 2;

// The spares themselves are never destroyed: an application may close its SSLs when its thread's
// objects are, or, at exit, when the main thread's are gone.
thread_local std::array<uint8_t*, kNumSpares> spares = {};
thread_local size_t num_spares = 0;
thread_local bool keeps_none = false;

// SparesEnd frees what a thread keeps, and sees to it that no more is kept.
struct SparesEnd {
  ~SparesEnd() {
    keeps_none = true;
    while (num_spares > 0) delete[] spares[--num_spares];
  }
};

}  // namespace

ScratchBuffer::ScratchBuffer()
    : buffer_(num_spares > 0 ? std::unique_ptr<uint8_t[]>(spares[--num_spares])
                             : std::make_unique_for_overwrite<uint8_t[]>(kScratchLen)) {}

ScratchBuffer::~ScratchBuffer() {
  if (keeps_none || num_spares == kNumSpares) return;
  static thread_local SparesEnd end;
  spares[num_spares++] = buffer_.release();
}

}  // namespace dtls13::shim
