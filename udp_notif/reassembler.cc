// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/reassembler.h"

#include <utility>

namespace dtls13::udp_notif {
namespace {

// What a segment costs beside its octets: a node of a map, a vector and what malloc adds.
constexpr size_t kSegmentCost = 128;
constexpr size_t kMessageCost = 256;

}  // namespace

struct Reassembler::Unfinished {
  MessageHeader header;  // of the whole message
  Instant deadline;
  ByteBudget::Share share;
  std::map<uint16_t, std::vector<uint8_t>> segments = {};
  std::optional<uint16_t> last = {};  // the number of the last segment, once that came
  size_t notification_len = 0;
};

Reassembler::Reassembler(const ReassemblyLimits& limits, std::shared_ptr<ByteBudget> budget)
    : limits_(limits), budget_(std::move(budget)) {}

Reassembler::~Reassembler() = default;

bool Reassembler::Has(uint32_t message_id) const { return by_id_.contains(message_id); }

size_t Reassembler::num_messages() const { return by_age_.size(); }

std::optional<DropReason> Reassembler::Misfit(const Unfinished& unfinished,
                                              const Message& segment) {
  const auto [number, is_last] = *segment.header.segment;
  //= draft-ietf-netconf-udp-notif#section-4.1
  //# If the receiver collects a segment more than once, the implementation
  //# MUST drop the duplicate segment.
  if (unfinished.segments.contains(number)) return DropReason::kDuplicateSegment;
  const bool behind_the_last = unfinished.last && (is_last || number > *unfinished.last);
  const bool last_too_early = is_last && unfinished.segments.rbegin()->first > number;
  const bool is_other_type = !(unfinished.header.media_type == segment.header.media_type);
  if (behind_the_last || last_too_early || is_other_type) return DropReason::kSegmentConflict;
  return std::nullopt;
}

std::optional<DropReason> Reassembler::Excess(const Unfinished* unfinished,
                                              const Message& segment) const {
  //= draft-ietf-netconf-udp-notif#section-5.2
  //# Incomplete messages exceeding the configured limit MUST be discarded.
  if (segment.header.segment->number >= limits_.max_segments) return DropReason::kTooManySegments;
  const size_t old_len = unfinished == nullptr ? 0 : unfinished->notification_len;
  if (old_len + segment.payload.size() > limits_.max_notification_len) {
    return DropReason::kMessageTooLarge;
  }
  if (unfinished == nullptr && by_age_.size() >= limits_.max_messages) {
    return DropReason::kMemoryFull;
  }
  return std::nullopt;
}

Reassembler::ByAge::iterator Reassembler::Begin(const Message& segment, Instant now) {
  MessageHeader header = segment.header;
  header.segment.reset();
  by_age_.push_back(
      {.header = header, .deadline = now + limits_.timeout, .share = ByteBudget::Share(budget_)});
  const auto unfinished = std::prev(by_age_.end());
  by_id_.emplace(header.message_id, unfinished);
  return unfinished;
}

//= draft-ietf-netconf-udp-notif#section-4.1
//# The receiver MUST support the reception of unordered segments.
Reassembler::Result Reassembler::Add(const Message& segment, Instant now) {
  const auto [number, is_last] = *segment.header.segment;
  const auto found = by_id_.find(segment.header.message_id);
  const bool is_known = found != by_id_.end();
  if (is_known) {
    if (const auto misfit = Misfit(*found->second, segment)) return {.dropped = misfit};
  }
  if (const auto excess = Excess(is_known ? &*found->second : nullptr, segment)) {
    if (is_known) Erase(found->second);
    return {.dropped = excess, .forgotten = true};
  }
  const auto unfinished = is_known ? found->second : Begin(segment, now);
  const size_t old_share = is_known ? unfinished->share.taken() : kMessageCost;
  if (!unfinished->share.Resize(old_share + kSegmentCost + segment.payload.size())) {
    Erase(unfinished);
    return {.dropped = DropReason::kMemoryFull, .forgotten = true};
  }
  unfinished->segments.emplace(
      number, std::vector<uint8_t>(segment.payload.begin(), segment.payload.end()));
  unfinished->notification_len += segment.payload.size();
  if (is_last) unfinished->last = number;
  if (!unfinished->last || unfinished->segments.size() != size_t{*unfinished->last} + 1) return {};
  return Finish(unfinished);
}

Reassembler::Result Reassembler::Finish(ByAge::iterator unfinished) {
  Result result;
  result.whole = unfinished->header;
  result.num_segments = unfinished->segments.size();
  result.notification.reserve(unfinished->notification_len);
  for (const auto& [number, octets] : unfinished->segments) {
    result.notification.insert(result.notification.end(), octets.begin(), octets.end());
  }
  Erase(unfinished);
  return result;
}

void Reassembler::Erase(ByAge::iterator unfinished) {
  by_id_.erase(unfinished->header.message_id);
  by_age_.erase(unfinished);
}

//= draft-ietf-netconf-udp-notif#section-5.3
//# a receiver implementation MUST discard segments that were received but
//# cannot be re-assembled as a complete message within a given amount of
//# time.
size_t Reassembler::Expire(Instant now) {
  size_t num_expired = 0;
  while (!by_age_.empty() && by_age_.front().deadline <= now) {
    Erase(by_age_.begin());
    ++num_expired;
  }
  return num_expired;
}

std::optional<Instant> Reassembler::NextTimeout() const {
  if (by_age_.empty()) return std::nullopt;
  return by_age_.front().deadline;
}

}  // namespace dtls13::udp_notif
