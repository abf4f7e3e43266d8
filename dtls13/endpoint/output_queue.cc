// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/output_queue.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

std::span<uint8_t> OutputQueue::Reserve(size_t len) {
  if (len > kBlockLen || num_bytes_ + sizeof(Batch) + len > max_bytes_) return {};
  if (blocks_.empty() || kBlockLen - blocks_.back().used < len) {
    if (!blocks_.empty() && blocks_.back().num_batches == 0) {
      blocks_.back().used = 0;
    } else {
      // Not cleared: it is written before it is read.
      blocks_.push_back({.bytes = std::unique_ptr<uint8_t[]>(new uint8_t[kBlockLen])});
      if (!batches_.empty()) batches_.back().is_open = false;
    }
  }
  Block& block = blocks_.back();
  return {block.bytes.get() + block.used, len};
}

bool OutputQueue::Extends(const PathId& to, size_t len, AssociationId id) const {
  if (batches_.empty()) return false;
  const Batch& last = batches_.back();
  return last.is_open && len <= last.segment_len && last.num_datagrams < kMaxBatchDatagrams &&
         last.len + len <= kMaxBatchLen && last.id == id && last.to == to;
}

void OutputQueue::Commit(const PathId& to, size_t len, AssociationId id) {
  Block& block = blocks_.back();
  uint8_t* const begin = block.bytes.get() + block.used;
  block.used += len;
  num_bytes_ += len;
  if (Extends(to, len, id)) {
    Batch& last = batches_.back();
    last.len += len;
    ++last.num_datagrams;
    last.is_open = len == last.segment_len;
    return;
  }
  batches_.push_back(
      {.to = to, .id = id, .begin = begin, .len = len, .segment_len = len, .num_datagrams = 1});
  ++block.num_batches;
  num_bytes_ += sizeof(Batch);
}

std::span<const OutputBatch> OutputQueue::Batches() {
  shown_.clear();
  const size_t num = std::min(kMaxShown, batches_.size());
  for (size_t i = 0; i < num; ++i) {
    Batch& batch = batches_[i];
    batch.is_open = false;
    shown_.push_back({.peer_address = batch.to.bytes(),
                      .bytes = {batch.begin, batch.len},
                      .segment_len = batch.segment_len,
                      .id = batch.id});
  }
  return shown_;
}

void OutputQueue::Drop(size_t count) {
  for (; count > 0 && !batches_.empty(); --count) {
    num_bytes_ -= batches_.front().len + sizeof(Batch);
    batches_.pop_front();
    Block& block = blocks_.front();
    if (--block.num_batches > 0) continue;
    // The last one stays, so that a steady flow allocates nothing.
    if (blocks_.size() > 1) {
      blocks_.pop_front();
    } else {
      block.used = 0;
    }
  }
}

}  // namespace dtls13
