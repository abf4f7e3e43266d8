// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/sent_record_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dtls13 {
namespace {

// Milliseconds modulo 2^32 leave an entry its size, and wrap after 49 days.
uint32_t WrappedMs(Instant at) {
  return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count());
}

}  // namespace

Duration SentRecordLog::Entry::Age(Instant now) const {
  return std::chrono::milliseconds(WrappedMs(now) - sent_at_ms);
}

void SentRecordLog::Record(RecordNumber number, std::span<const FragmentRef> refs, Instant now) {
  Entry entry;
  entry.number = number;
  entry.sent_at_ms = WrappedMs(now);
  entry.num_refs = static_cast<uint8_t>(std::min(refs.size(), entry.refs.size()));
  std::copy_n(refs.begin(), entry.num_refs, entry.refs.begin());
  entries_.Push(entry);
}

size_t SentRecordLog::IndexOf(RecordNumber number) const {
  // From the newest: an ACK mostly speaks of the last round. Retransmissions mix epochs, so the
  // numbers are not sorted.
  size_t age = 0;
  while (age < entries_.size() && entries_.recent(age).number != number) ++age;
  return age;
}

std::span<const FragmentRef> SentRecordLog::Find(RecordNumber number) const {
  const size_t index = IndexOf(number);
  if (index == entries_.size()) return {};
  const Entry& entry = entries_.recent(index);
  return std::span(entry.refs).first(entry.num_refs);
}

std::optional<Duration> SentRecordLog::Age(RecordNumber number, Instant now) const {
  const size_t index = IndexOf(number);
  if (index == entries_.size()) return std::nullopt;
  return entries_.recent(index).Age(now);
}

std::optional<Duration> SentRecordLog::TakeAge(RecordNumber number, Instant now) {
  const size_t index = IndexOf(number);
  if (index == entries_.size()) return std::nullopt;
  Entry& entry = entries_.recent(index);
  if (std::exchange(entry.is_named, true)) return std::nullopt;
  return entry.Age(now);
}

}  // namespace dtls13
