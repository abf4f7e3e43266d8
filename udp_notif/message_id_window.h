// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_MESSAGE_ID_WINDOW_H_
#define DTLS13_UDP_NOTIF_MESSAGE_ID_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "udp_notif/drop_reason.h"

namespace dtls13::udp_notif {

// MessageIdLimits are the acceptance window around the highest Message ID of a publisher.
struct MessageIdLimits {
  // How far below it a message may still come: the network reorders by tens, and a segmented
  // message is announced by its first segment, so more would only keep what is lost from being
  // counted.
  uint32_t behind = 1024;  // rounded up to a power of two, and at least 64
  // How far above it one may come. Whoever loses more has lost its receiver for a while; that it
  // goes on is seen by kRestartRun.
  uint32_t ahead = 1 << 20;
};

// MessageIdWindow is what is known of one publisher's Message IDs, which grow by one and wrap
// around: which came, which are missing, and which are lost for good. It does not know messages.
class MessageIdWindow {
 public:
  // So many messages beyond the window that follow one another are a publisher that began anew, or
  // one whose messages did not come for long: the window moves to them.
  static constexpr uint32_t kRestartRun = 4;

  explicit MessageIdWindow(const MessageIdLimits& limits);

  // Accept takes note of a message, or of the first segment that came of one, and says why it is
  // not to be taken. The first ever is accepted, whatever it is.
  std::optional<DropReason> Accept(uint32_t message_id);

  // num_lost counts the IDs that left the window and never came.
  uint64_t num_lost() const { return num_lost_; }
  // num_missing is how many below the highest have not come and still may.
  uint64_t num_missing() const { return num_missing_; }
  // num_restarts counts how often the window moved to a publisher that began anew.
  uint64_t num_restarts() const { return num_restarts_; }
  // TakeGap returns how many IDs the messages since the last call jumped over.
  uint64_t TakeGap();

 private:
  bool Came(uint32_t message_id) const;
  void SetCame(uint32_t message_id, bool came);
  void Begin(uint32_t message_id);
  void Advance(uint32_t message_id);
  void Slide(uint32_t steps);
  // True when the run of messages beyond the window is long enough.
  bool Restarts(uint32_t message_id);

  MessageIdLimits limits_;
  std::vector<uint64_t> came_;  // a bit for each ID of the window, at its remainder; empty at first
  uint32_t highest_ = 0;
  uint32_t num_known_ = 0;  // how many IDs from the highest down belong to the stream
  uint32_t run_next_ = 0;
  uint32_t run_len_ = 0;
  uint64_t gap_ = 0;
  uint64_t num_missing_ = 0;
  uint64_t num_lost_ = 0;
  uint64_t num_restarts_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_MESSAGE_ID_WINDOW_H_
