#include "shim/bio/scratch_buffer.h"

#include <utility>

namespace dtls13::shim {
namespace {

thread_local std::unique_ptr<uint8_t[]> spare;

}  // namespace

ScratchBuffer::ScratchBuffer() : buffer_(std::move(spare)) {
  if (buffer_ == nullptr) buffer_ = std::make_unique_for_overwrite<uint8_t[]>(kScratchLen);
}

ScratchBuffer::~ScratchBuffer() { spare = std::move(buffer_); }

}  // namespace dtls13::shim
