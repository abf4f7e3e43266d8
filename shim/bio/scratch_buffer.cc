// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/scratch_buffer.h"

#include <array>

namespace dtls13::shim {
namespace {

constexpr size_t kNumSpares = 2;

// Spares are what a thread keeps. They are one object, which costs one look for the thread's own,
// and are never destroyed: an application may close its SSLs when its thread's objects are, or, at
// exit, when the main thread's are gone.
struct Spares {
  std::array<uint8_t*, kNumSpares> buffers = {};
  size_t num = 0;
  bool is_ended = false;  // keeps none any more
};
constinit thread_local Spares thread_spares;

// SparesEnd frees what a thread keeps, and sees to it that no more is kept.
struct SparesEnd {
  ~SparesEnd() {
    Spares& spares = thread_spares;
    spares.is_ended = true;
    while (spares.num > 0) delete[] spares.buffers[--spares.num];
  }
};

std::unique_ptr<uint8_t[]> TakeBuffer() {
  Spares& spares = thread_spares;
  if (spares.num == 0) return std::make_unique_for_overwrite<uint8_t[]>(kScratchLen);
  return std::unique_ptr<uint8_t[]>(spares.buffers[--spares.num]);
}

}  // namespace

ScratchBuffer::ScratchBuffer() : buffer_(TakeBuffer()) {}

ScratchBuffer::~ScratchBuffer() {
  Spares& spares = thread_spares;
  if (spares.is_ended || spares.num == kNumSpares) return;
  static thread_local SparesEnd end;
  spares.buffers[spares.num++] = buffer_.release();
}

}  // namespace dtls13::shim
