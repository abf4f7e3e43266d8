// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/reassembler.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

size_t Reassembler::Partial::FirstEndingAt(uint32_t offset) const {
  return std::ranges::lower_bound(runs, offset, {}, &Run::end) - runs.begin();
}

bool Reassembler::Partial::Compare(uint32_t offset, std::span<const uint8_t> body,
                                   uint32_t* num_held) const {
  *num_held = 0;
  const uint32_t end = offset + static_cast<uint32_t>(body.size());
  for (size_t i = FirstEndingAt(offset); i < runs.size() && runs[i].offset < end; ++i) {
    const uint32_t from = std::max(offset, runs[i].offset);
    const uint32_t len = std::min(end, runs[i].end()) - from;
    const auto held = std::span(runs[i].bytes).subspan(from - runs[i].offset, len);
    if (!std::ranges::equal(held, body.subspan(from - offset, len))) return false;
    *num_held += len;
  }
  return true;
}

bool Reassembler::Partial::NeedsRun(uint32_t offset) const {
  const size_t i = FirstEndingAt(offset);
  return i == runs.size() || runs[i].offset > offset;
}

//= rfc9147#section-5.5
//# DTLS implementations MUST be able to handle overlapping fragment ranges.
void Reassembler::Partial::Keep(uint32_t offset, std::span<const uint8_t> body) {
  const uint32_t end = offset + static_cast<uint32_t>(body.size());
  uint32_t at = offset;
  for (size_t i = FirstEndingAt(offset); at < end; ++i) {
    // Only the first round may start a run: every later one begins at the end of a run.
    if (i == runs.size() || runs[i].offset > at) {
      runs.insert(runs.begin() + i, Run{.offset = at, .bytes = {}});
    }
    Run& run = runs[i];
    at = std::max(at, std::min(end, run.end()));
    const uint32_t stop = i + 1 < runs.size() ? std::min(end, runs[i + 1].offset) : end;
    if (stop <= at) continue;
    const auto news = body.subspan(at - offset, stop - at);
    run.bytes.insert(run.bytes.end(), news.begin(), news.end());
    num_bytes += static_cast<uint32_t>(news.size());
    at = stop;
  }
}

void Reassembler::Partial::Join() {
  if (runs.size() < 2) return;
  // Another vector, because shrink_to_fit does nothing without exceptions.
  std::vector<Run> joined(1);
  std::vector<uint8_t>& whole = joined.front().bytes;
  whole.reserve(message_len);
  for (const Run& run : runs) whole.insert(whole.end(), run.bytes.begin(), run.bytes.end());
  runs = std::move(joined);
}

void Reassembler::StartAt(uint16_t next_receive_seq) {
  next_receive_seq_ = next_receive_seq;
  partials_ = std::vector<Partial>();
}

void Reassembler::Forget(Epoch epoch) {
  std::erase_if(partials_, [=](const Partial& partial) { return partial.epoch == epoch; });
  if (partials_.empty()) partials_ = std::vector<Partial>();
}

std::vector<Reassembler::Partial>::iterator Reassembler::FindSlot(uint16_t message_seq) {
  return std::ranges::lower_bound(partials_, message_seq, {}, &Partial::message_seq);
}

bool Reassembler::IsNextExpected(uint16_t message_seq, uint32_t offset) const {
  uint32_t expected_seq = next_receive_seq_;
  uint32_t expected_offset = 0;
  for (const Partial& partial : partials_) {
    if (partial.message_seq != expected_seq) break;
    if (partial.IsWhole()) {
      ++expected_seq;
      continue;
    }
    for (const Run& run : partial.runs) {
      if (run.offset != expected_offset) break;
      expected_offset = run.end();
    }
    break;
  }
  return message_seq == expected_seq && offset <= expected_offset;
}

FragmentVerdict Reassembler::Add(const HandshakeFragment& fragment, Epoch epoch, Instant now,
                                 bool* in_order) {
  *in_order = false;
  const HandshakeHeader& header = fragment.header;
  //= rfc9147#section-5.2
  //# If the sequence number is less than
  //# next_receive_seq, the message MUST be discarded.  If the sequence
  //# number is greater than next_receive_seq, the implementation SHOULD
  //# queue the message but MAY discard it.
  if (header.message_seq < next_receive_seq_) return FragmentVerdict::kAlreadyHeld;
  if (header.message_seq - next_receive_seq_ > kMaxMessagesAhead) {
    return FragmentVerdict::kDiscarded;
  }
  if (header.message_len > max_message_len_) return FragmentVerdict::kTooLong;
  const uint32_t offset = header.fragment_offset;
  if (offset > header.message_len || fragment.body.size() > header.message_len - offset) {
    return FragmentVerdict::kDiscarded;  // ReadHandshakeFragment yields none such
  }

  auto slot = FindSlot(header.message_seq);
  const bool is_held = slot != partials_.end() && slot->message_seq == header.message_seq;
  uint32_t num_held = 0;
  if (is_held) {
    //= rfc9147#section-5.5
    //# Receivers
    //# MAY check that retransmitted bytes are identical and SHOULD abort the
    //# handshake with an "illegal_parameter" alert if the value of a byte
    //# changes.
    //= rfc8446#section-5.1
    //# Handshake messages MUST NOT span key changes.
    if (slot->type != header.type || slot->message_len != header.message_len ||
        slot->epoch != epoch || !slot->Compare(offset, fragment.body, &num_held)) {
      return FragmentVerdict::kMismatch;
    }
  }
  const uint32_t num_new = static_cast<uint32_t>(fragment.body.size()) - num_held;
  // An empty fragment brings something only if it is the whole of an empty message.
  if (num_new == 0 && (is_held || header.message_len > 0)) return FragmentVerdict::kAlreadyHeld;

  const bool is_next = IsNextExpected(header.message_seq, offset);
  if (header.message_seq != next_receive_seq_ && num_bytes_ahead() + num_new > max_len_ahead_) {
    return FragmentVerdict::kDiscarded;
  }
  const bool needs_run = num_new > 0 && (!is_held || slot->NeedsRun(offset));
  if (needs_run && !is_next && num_runs() >= kMaxFragmentsHeld) return FragmentVerdict::kDiscarded;

  //= rfc9147#section-5.5
  //# When a DTLS implementation receives a handshake message fragment
  //# corresponding to the next expected handshake message sequence number,
  //# it MUST process it, either by buffering it until it has the entire
  //# handshake message or by processing any in-order portions of the
  //# message.
  if (!is_held) {
    slot = partials_.insert(slot, Partial{.message_seq = header.message_seq,
                                          .type = header.type,
                                          .message_len = header.message_len,
                                          .num_bytes = 0,
                                          .epoch = epoch,
                                          .since = now,
                                          .runs = {}});
  }
  slot->Keep(offset, fragment.body);
  if (slot->IsWhole()) slot->Join();
  *in_order = is_next;
  return FragmentVerdict::kBuffered;
}

std::optional<Message> Reassembler::Front() const {
  if (partials_.empty()) return std::nullopt;
  const Partial& next = partials_.front();
  if (next.message_seq != next_receive_seq_ || !next.IsWhole()) return std::nullopt;
  Message message;
  message.type = next.type;
  message.message_seq = next.message_seq;
  message.epoch = next.epoch;
  if (!next.runs.empty()) message.body = next.runs.front().bytes;
  return message;
}

void Reassembler::Pop() {
  if (!Front()) return;
  //= rfc9147#section-5.2
  //# When a handshake message is received, if its message_seq value
  //# matches next_receive_seq, next_receive_seq is incremented and the
  //# message is processed.
  ++next_receive_seq_;
  partials_.erase(partials_.begin());
  if (partials_.empty()) partials_ = std::vector<Partial>();
}

uint32_t Reassembler::first_incomplete() const {
  const auto found = std::ranges::find(partials_, false, &Partial::IsWhole);
  return found == partials_.end() ? kAllWhole : found->message_seq;
}

bool Reassembler::ForgetOld(Instant now) {
  const auto num_forgotten = std::erase_if(partials_, [=](const Partial& partial) {
    return !partial.IsWhole() && now - partial.since >= kHoldTime;
  });
  if (partials_.empty()) partials_ = std::vector<Partial>();
  return num_forgotten > 0;
}

std::optional<Instant> Reassembler::forget_at() const {
  std::optional<Instant> next;
  for (const Partial& partial : partials_) {
    if (partial.IsWhole()) continue;
    if (!next || partial.since + kHoldTime < *next) next = partial.since + kHoldTime;
  }
  return next;
}

size_t Reassembler::num_bytes_held() const {
  size_t num_bytes = 0;
  for (const Partial& partial : partials_) num_bytes += partial.num_bytes;
  return num_bytes;
}

size_t Reassembler::num_bytes_ahead() const {
  size_t num_bytes = 0;
  for (const Partial& partial : partials_) {
    if (partial.message_seq != next_receive_seq_) num_bytes += partial.num_bytes;
  }
  return num_bytes;
}

size_t Reassembler::num_runs() const {
  size_t num = 0;
  for (const Partial& partial : partials_) num += partial.runs.size();
  return num;
}

}  // namespace dtls13
