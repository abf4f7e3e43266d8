// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_REASSEMBLER_H_
#define DTLS13_UDP_NOTIF_REASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dtls13/wire/time.h"
#include "udp_notif/byte_budget.h"
#include "udp_notif/drop_reason.h"
#include "udp_notif/message.h"

namespace dtls13::udp_notif {

// ReassemblyLimits bound what one publisher's unfinished messages may hold.
struct ReassemblyLimits {
  //= draft-ietf-netconf-udp-notif#section-5.2
  //# The reassembly of segmented Notification Messages SHOULD occur within
  //# a 10 second time window and MUST NOT exceed 20 seconds.
  Duration timeout = std::chrono::seconds(10);
  //= draft-ietf-netconf-udp-notif#section-5.2
  //# A receiver collecting segmented UDP-Notif Messages MUST support the
  //# reassembly of messages containing at least 64 segments.
  size_t max_segments = 1024;
  //= draft-ietf-netconf-udp-notif#section-5.2
  //# The publisher and receiver MUST support Notification Messages of at
  //# least 96 kilobytes (KB), including any required segmentation and
  //# reassembly.
  size_t max_notification_len = size_t{1} << 20;
  // Messages of one publisher that are under way at once: it sends one after the other, and only
  // what the network reorders or loses makes them more than one or two.
  size_t max_messages = 32;
};

inline constexpr Duration kMaxReassemblyTimeout = std::chrono::seconds(20);

// Reassembler puts one publisher's segments together again, in whatever order they come. Segments
// of a message share its Message ID; a message that is not whole in time is forgotten. It does not
// know which messages were delivered before: its caller gives it no segment of those.
class Reassembler {
 public:
  // What is kept counts in `budget`.
  Reassembler(const ReassemblyLimits& limits, std::shared_ptr<ByteBudget> budget);
  ~Reassembler();
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  struct Result {
    std::optional<DropReason> dropped = {};   // the segment, or with it the whole message
    bool forgotten = false;                   // the message is given up with it
    std::optional<MessageHeader> whole = {};  // of a message whose last missing segment this was
    std::vector<uint8_t> notification = {};   // of `whole`
    size_t num_segments = 0;                  // of `whole`
  };

  // Add takes a message with a segmentation option.
  Result Add(const Message& segment, Instant now);
  bool Has(uint32_t message_id) const;

  // Expire forgets what is due at `now`, and returns how many messages that was.
  size_t Expire(Instant now);
  std::optional<Instant> NextTimeout() const;
  size_t num_messages() const;

 private:
  struct Unfinished;
  using ByAge = std::list<Unfinished>;

  // Why `segment` does not belong to a message that is under way.
  static std::optional<DropReason> Misfit(const Unfinished& unfinished, const Message& segment);
  // Why a message is given up that has `segment` as well.
  std::optional<DropReason> Excess(const Unfinished* unfinished, const Message& segment) const;
  ByAge::iterator Begin(const Message& segment, Instant now);
  Result Finish(ByAge::iterator unfinished);
  void Erase(ByAge::iterator unfinished);

  ReassemblyLimits limits_;
  std::shared_ptr<ByteBudget> budget_;
  ByAge by_age_;  // the oldest first; each has the same time
  absl::flat_hash_map<uint32_t, ByAge::iterator> by_id_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_REASSEMBLER_H_
