// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_COLLECTOR_H_
#define DTLS13_UDP_NOTIF_COLLECTOR_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dtls13/wire/time.h"
#include "udp_notif/drop_reason.h"
#include "udp_notif/message.h"
#include "udp_notif/message_id_window.h"
#include "udp_notif/reassembler.h"
#include "udp_notif/stream_pool.h"

namespace dtls13::udp_notif {

// SourceKey tells apart those who send, in characters that can be printed: an association, or the
// address of plain datagrams. Message Publisher IDs need be unique only within one.
//= draft-ietf-netconf-udp-notif#section-3.2
//# If Message Publisher ID unicity is not preserved through the
//# collection domain, the source IP address of the UDP datagram MUST be
//# used in addition to the Message Publisher ID to identify the
//# information source.
using SourceKey = std::string;

// CollectorLimits bound what a collector keeps of one source; a StreamPool bounds that of many.
struct CollectorLimits {
  ReassemblyLimits reassembly = {};
  MessageIdLimits message_ids = {};
  // Streams, each a Message Publisher ID, of one source, which may name what it likes: a device has
  // a process for each of its line cards.
  size_t max_streams_of_source = 256;
};

// Counters are what a collector has seen since its beginning. They only grow.
struct Counters {
  uint64_t num_messages = 0;     // handed on
  uint64_t num_octets = 0;       // of their notifications
  uint64_t num_segments = 0;     // taken
  uint64_t num_reassembled = 0;  // messages handed on that had more than one
  uint64_t num_lost = 0;         // Message IDs that never came, or never whole
  uint64_t num_gaps = 0;         // how often Message IDs were jumped over
  uint64_t num_restarts = 0;     // publishers that began anew
  DropCounters drops = {};
};

// Delivery is one notification handed on.
struct Delivery {
  MessageHeader header = {};  // without a segment
  std::span<const uint8_t> notification = {};
  size_t num_segments = 1;
  uint64_t gap = 0;       // Message IDs jumped over since the stream's delivery before this one
  uint64_t num_lost = 0;  // of the stream, so far
  std::vector<uint8_t> storage = {};  // of `notification`, where that is no view of the input
};

// Collector follows the streams of many publishers: it tells duplicates and gaps, puts segments
// together and counts. It does not know how a message came, and keeps no notification that it
// handed on.
class Collector {
 public:
  explicit Collector(const CollectorLimits& limits);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // Take takes one message of `source`, whose streams are of `*pool`: always the same, which
  // outlives the collector. What it returns, if anything, is to be handed on, and views `message`
  // or itself.
  std::optional<Delivery> Take(const SourceKey& source, StreamPool* pool, const Message& message,
                               Instant now);

  // Count notes what was dropped before it was a message.
  void Count(DropReason reason) { counters_.drops.Count(reason); }

  // Forget drops the streams of a source that has gone. What is missing of them is lost.
  void Forget(const SourceKey& source);
  // ForgetIdle does so for every source of `pool` that was silent since `before`.
  void ForgetIdle(const StreamPool& pool, Instant before);
  void ForgetAll();

  // HandleTimeout gives up what is due at `now`.
  void HandleTimeout(Instant now);
  std::optional<Instant> NextTimeout() const;

  const Counters& counters() const { return counters_; }
  // num_streams is of all pools.
  size_t num_streams() const { return num_streams_; }

  // StreamFacts are one stream's numbers.
  struct StreamFacts {
    const SourceKey* source;
    uint32_t publisher_id;
    uint64_t num_messages;
    uint64_t num_lost;
    uint64_t num_missing;
  };
  // ForEachStream calls `visit` for each stream there is, by no order.
  void ForEachStream(const std::function<void(const StreamFacts&)>& visit) const;

 private:
  struct Stream;
  struct Source;
  using Sources = absl::flat_hash_map<SourceKey, std::unique_ptr<Source>>;

  Stream* FindOrAdd(const SourceKey& source, StreamPool* pool, uint32_t publisher_id, Instant now);
  // Whether `message` goes on; counts it where not.
  bool Accept(Stream* stream, const Message& message);
  std::optional<Delivery> Assemble(Stream* stream, const Message& segment, Instant now);
  void NoteLost(Stream* stream);
  void Schedule(Stream* stream);
  void End(Source* source);
  void Drop(DropReason reason) { counters_.drops.Count(reason); }

  CollectorLimits limits_;
  Sources sources_;
  size_t num_streams_ = 0;
  // Streams with an unfinished message, by when the oldest of them is given up.
  std::multimap<Instant, Stream*> timeouts_;
  Counters counters_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_COLLECTOR_H_
