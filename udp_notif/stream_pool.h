// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_STREAM_POOL_H_
#define DTLS13_UDP_NOTIF_STREAM_POOL_H_

#include <cstddef>
#include <memory>

#include "udp_notif/byte_budget.h"

namespace dtls13::udp_notif {

// StreamPool is the bound on what those sources that share it make a collector keep: sources that
// anybody can pretend to be have one of their own, and take no room from those that are proved.
// It does not know whose streams they are.
class StreamPool {
 public:
  // At most `max_streams` streams, each of which costs some 500 bytes, and `max_unfinished_bytes`
  // of messages that are not whole.
  StreamPool(size_t max_streams, size_t max_unfinished_bytes)
      : max_streams_(max_streams), budget_(std::make_shared<ByteBudget>(max_unfinished_bytes)) {}

  bool has_room() const { return num_streams_ < max_streams_; }
  size_t num_streams() const { return num_streams_; }
  void NoteAdded() { ++num_streams_; }
  void NoteEnded(size_t num) { num_streams_ -= num; }
  const std::shared_ptr<ByteBudget>& budget() const { return budget_; }

 private:
  const size_t max_streams_;
  const std::shared_ptr<ByteBudget> budget_;
  size_t num_streams_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_STREAM_POOL_H_
