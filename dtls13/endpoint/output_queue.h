// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_OUTPUT_QUEUE_H_
#define DTLS13_ENDPOINT_OUTPUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/path_id.h"

namespace dtls13 {

// OutputQueue is the datagrams that wait for the network, in the order they were made: those of one
// association, for one address and of one length lie one behind the other, as one batch. A datagram
// is written where it stays, and nothing is copied.
//
// It does not know what datagrams are.
class OutputQueue {
 public:
  // kBlockLen: what a block has room for. Batches do not cross blocks. Twice what a batch may have,
  // so that few are cut short, and little enough to stay in a processor's cache.
  static constexpr size_t kBlockLen = 2 * 65536;

  // `max_bytes` bounds what waits: datagrams, and what is kept of each batch.
  explicit OutputQueue(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Reserve returns room for a datagram of `len` bytes at most, kBlockLen or less; empty where the
  // bound is reached. It stays until the next call.
  std::span<uint8_t> Reserve(size_t len);
  // Commit makes the first `len` bytes of what was reserved, not 0, a datagram of `id` for `to`.
  void Commit(const PathId& to, size_t len, AssociationId id);

  // Batches shows the oldest batches, kMaxShown at the most. Nothing is added to them any more.
  std::span<const OutputBatch> Batches();
  // Drop forgets the oldest `count` of those that were shown.
  void Drop(size_t count);

  // num_bytes is what waits, as the bound counts it.
  size_t num_bytes() const { return num_bytes_; }
  bool empty() const { return batches_.empty(); }

 private:
  // kMaxShown: as many as one sendmmsg usefully takes.
  static constexpr size_t kMaxShown = 64;

  struct Block {
    std::unique_ptr<uint8_t[]> bytes;
    size_t used = 0;
    size_t num_batches = 0;  // that lie in it and wait
  };
  struct Batch {
    PathId to;
    AssociationId id = 0;
    uint8_t* begin = nullptr;
    size_t len = 0;
    size_t segment_len = 0;
    size_t num_datagrams = 0;
    bool is_open = true;  // for more of segment_len
  };

  bool Extends(const PathId& to, size_t len, AssociationId id) const;

  size_t max_bytes_;
  size_t num_bytes_ = 0;
  std::deque<Block> blocks_;  // oldest first; the last one is written to
  std::deque<Batch> batches_;
  std::vector<OutputBatch> shown_;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_OUTPUT_QUEUE_H_
