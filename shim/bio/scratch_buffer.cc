#include "shim/bio/scratch_buffer.h"

#include <array>
#include <utility>

namespace dtls13::shim {
namespace {

constexpr size_t kNumSpares = 2;

thread_local std::array<std::unique_ptr<uint8_t[]>, kNumSpares> spares;
thread_local size_t num_spares = 0;

}  // namespace

ScratchBuffer::ScratchBuffer()
    : buffer_(num_spares > 0 ? std::move(spares[--num_spares])
                             : std::make_unique_for_overwrite<uint8_t[]>(kScratchLen)) {}

ScratchBuffer::~ScratchBuffer() {
  if (num_spares < kNumSpares) spares[num_spares++] = std::move(buffer_);
}

}  // namespace dtls13::shim
