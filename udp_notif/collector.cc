// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/collector.h"

#include <utility>

namespace dtls13::udp_notif {

struct Collector::Stream {
  Stream(const CollectorLimits& limits, std::shared_ptr<ByteBudget> budget)
      : ids(limits.message_ids), segments(limits.reassembly, std::move(budget)) {}

  MessageIdWindow ids;
  Reassembler segments;
  uint64_t num_messages = 0;
  uint64_t num_unfinished = 0;  // messages that came and were given up
  uint64_t num_told_lost = 0;   // of what is lost, what the counters have
  uint64_t num_told_restarts = 0;
  std::optional<std::multimap<Instant, Stream*>::iterator> timeout = {};

  uint64_t num_lost() const { return ids.num_lost() + num_unfinished; }
};

struct Collector::Source {
  explicit Source(StreamPool* pool_of_all) : pool(pool_of_all) {}

  StreamPool* const pool;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Stream>> streams;
  Instant last_heard{};
};

Collector::Collector(const CollectorLimits& limits) : limits_(limits) {}

Collector::~Collector() = default;

Collector::Stream* Collector::FindOrAdd(const SourceKey& source, StreamPool* pool,
                                        uint32_t publisher_id, Instant now) {
  auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (!pool->has_room()) return nullptr;
    found = sources_.emplace(source, std::make_unique<Source>(pool)).first;
  }
  Source& of = *found->second;
  of.last_heard = now;
  const auto stream = of.streams.find(publisher_id);
  if (stream != of.streams.end()) return stream->second.get();
  if (!of.pool->has_room() || of.streams.size() >= limits_.max_streams_of_source) return nullptr;
  of.pool->NoteAdded();
  ++num_streams_;
  return of.streams.emplace(publisher_id, std::make_unique<Stream>(limits_, of.pool->budget()))
      .first->second.get();
}

bool Collector::Accept(Stream* stream, const Message& message) {
  // A segment of a message that is under way: the first one was accepted for all.
  if (message.header.segment && stream->segments.Has(message.header.message_id)) return true;
  const auto reason = stream->ids.Accept(message.header.message_id);
  NoteLost(stream);
  if (!reason) return true;
  const bool is_segment = message.header.segment.has_value();
  Drop(is_segment && *reason == DropReason::kDuplicateMessage ? DropReason::kDuplicateSegment
                                                              : *reason);
  return false;
}

// Tells the counters what the stream has found lost since.
void Collector::NoteLost(Stream* stream) {
  counters_.num_lost +=
      stream->num_lost() - std::exchange(stream->num_told_lost, stream->num_lost());
  counters_.num_restarts += stream->ids.num_restarts() -
                            std::exchange(stream->num_told_restarts, stream->ids.num_restarts());
}

std::optional<Delivery> Collector::Assemble(Stream* stream, const Message& segment, Instant now) {
  Reassembler::Result result = stream->segments.Add(segment, now);
  Schedule(stream);
  if (result.dropped) Drop(*result.dropped);
  if (!result.dropped) ++counters_.num_segments;
  if (result.forgotten) {
    ++stream->num_unfinished;
    NoteLost(stream);
  }
  if (!result.whole) return std::nullopt;
  ++counters_.num_reassembled;
  Delivery delivery;
  delivery.header = *result.whole;
  delivery.storage = std::move(result.notification);
  delivery.notification = delivery.storage;
  delivery.num_segments = result.num_segments;
  return delivery;
}

std::optional<Delivery> Collector::Take(const SourceKey& source, StreamPool* pool,
                                        const Message& message, Instant now) {
  HandleTimeout(now);
  Stream* stream = FindOrAdd(source, pool, message.header.publisher_id, now);
  if (stream == nullptr) {
    Drop(DropReason::kTooManyPublishers);
    return std::nullopt;
  }
  if (!Accept(stream, message)) return std::nullopt;
  std::optional<Delivery> delivery;
  if (message.header.segment) {
    delivery = Assemble(stream, message, now);
    if (!delivery) return std::nullopt;
  } else {
    delivery.emplace();
    delivery->header = message.header;
    delivery->notification = message.payload;
  }
  delivery->gap = stream->ids.TakeGap();
  delivery->num_lost = stream->num_lost();
  if (delivery->gap > 0) ++counters_.num_gaps;
  ++stream->num_messages;
  ++counters_.num_messages;
  counters_.num_octets += delivery->notification.size();
  return delivery;
}

void Collector::Schedule(Stream* stream) {
  if (stream->timeout) timeouts_.erase(*std::exchange(stream->timeout, std::nullopt));
  if (const auto due = stream->segments.NextTimeout()) {
    stream->timeout = timeouts_.emplace(*due, stream);
  }
}

void Collector::End(Source* source) {
  for (auto& [publisher_id, stream] : source->streams) {
    if (stream->timeout) timeouts_.erase(*stream->timeout);
    counters_.num_lost += stream->ids.num_missing() + stream->segments.num_messages();
  }
  num_streams_ -= source->streams.size();
  source->pool->NoteEnded(source->streams.size());
}

void Collector::Forget(const SourceKey& source) {
  const auto found = sources_.find(source);
  if (found == sources_.end()) return;
  End(found->second.get());
  sources_.erase(found);
}

void Collector::ForgetIdle(const StreamPool& pool, Instant before) {
  for (auto it = sources_.begin(); it != sources_.end();) {
    const auto here = it++;
    if (here->second->pool != &pool || here->second->last_heard >= before) continue;
    End(here->second.get());
    sources_.erase(here);
  }
}

void Collector::ForgetAll() {
  for (const auto& [key, source] : sources_) End(source.get());
  sources_.clear();
}

void Collector::HandleTimeout(Instant now) {
  while (!timeouts_.empty() && timeouts_.begin()->first <= now) {
    Stream* stream = timeouts_.begin()->second;
    const size_t num_expired = stream->segments.Expire(now);
    for (size_t i = 0; i < num_expired; ++i) Drop(DropReason::kReassemblyTimeout);
    stream->num_unfinished += num_expired;
    NoteLost(stream);
    Schedule(stream);
  }
}

std::optional<Instant> Collector::NextTimeout() const {
  if (timeouts_.empty()) return std::nullopt;
  return timeouts_.begin()->first;
}

void Collector::ForEachStream(const std::function<void(const StreamFacts&)>& visit) const {
  for (const auto& [key, source] : sources_) {
    for (const auto& [publisher_id, stream] : source->streams) {
      visit({.source = &key,
             .publisher_id = publisher_id,
             .num_messages = stream->num_messages,
             .num_lost = stream->num_lost(),
             .num_missing = stream->ids.num_missing()});
    }
  }
}

}  // namespace dtls13::udp_notif
