// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/ack_scheduler.h"

#include <algorithm>
#include <array>

namespace dtls13 {

bool AckScheduler::MakeRoom(RecordNumber number) {
  if (entries_.size() < kMaxRecordNumbers) return true;
  auto victim = std::ranges::find(entries_, true, &Entry::sent);
  if (victim == entries_.end()) {
    // None was named yet. The oldest goes: what it carried is sent again under a newer number.
    if (number < entries_.front().number) return false;
    victim = entries_.begin();
  }
  entries_.erase(victim);
  return true;
}

void AckScheduler::Note(RecordNumber number, std::optional<uint16_t> held_for) {
  const auto is_held = std::ranges::binary_search(entries_, number, {}, &Entry::number);
  if (is_held || !MakeRoom(number)) return;
  num_repeats_ = 0;
  const auto at = std::ranges::lower_bound(entries_, number, {}, &Entry::number);
  entries_.insert(at, Entry{.number = number, .held_for = held_for});
}

void AckScheduler::Release(uint32_t first_incomplete) {
  for (Entry& entry : entries_) {
    if (entry.held_for && *entry.held_for < first_incomplete) entry.held_for.reset();
  }
}

void AckScheduler::ForgetHeld() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.held_for.has_value(); });
  if (entries_.empty()) entries_ = std::vector<Entry>();
}

void AckScheduler::OweNow() {
  owed_ = true;
  deadline_.reset();
}

void AckScheduler::OweBy(Instant deadline) {
  if (owed_) return;
  if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
}

void AckScheduler::Repeat(Duration patience, Instant now) {
  for (uint32_t i = 0; i < num_repeats_ && patience < kMaxPatience; ++i) patience *= 2;
  ++num_repeats_;
  OweBy(now + std::min(patience, kMaxPatience));
}

void AckScheduler::OnFlightStarted() {
  //= rfc9147#section-7
  //# During the handshake, ACKs only cover the current outstanding flight
  //# (this is possible because DTLS is generally a lock-step protocol).
  CancelPending();
  num_repeats_ = 0;
  entries_ = std::vector<Entry>();
}

void AckScheduler::CancelPending() {
  owed_ = false;
  deadline_.reset();
}

void AckScheduler::HandleTimeout(Instant now) {
  if (deadline_ && now >= *deadline_) OweNow();
}

size_t AckScheduler::num_unsent() const {
  return std::ranges::count_if(entries_, &Entry::IsUnsent);
}

size_t AckScheduler::FillAck(Epoch max_epoch, std::span<RecordNumber> out) {
  CancelPending();
  const auto eligible = std::span(entries_).first(
      std::ranges::upper_bound(entries_, max_epoch, {},
                               [](const Entry& entry) { return entry.number.epoch; }) -
      entries_.begin());
  //= rfc9147#section-7.1
  //# In general, implementations SHOULD
  //# ACK as many received packets as can fit into the ACK record, as this
  //# provides the most complete information and thus reduces the chance of
  //# spurious retransmission; if space is limited, implementations SHOULD
  //# favor including records which have not yet been acknowledged.
  size_t room = out.size();
  std::array<bool, kMaxRecordNumbers> chosen = {};
  for (size_t i = 0; i < eligible.size() && room > 0; ++i) {
    if (!eligible[i].IsUnsent()) continue;
    chosen[i] = true;
    --room;
  }
  // Records that an ACK named before come last, the newest first: that ACK is the likeliest to be
  // still under way, or lost.
  for (size_t i = eligible.size(); i > 0 && room > 0; --i) {
    if (!eligible[i - 1].sent) continue;
    chosen[i - 1] = true;
    --room;
  }

  //= rfc9147#section-7
  //# record_numbers:  A list of the records containing handshake messages
  //# in the current flight which the endpoint has received and either
  //# processed or buffered, in numerically increasing order.
  size_t num = 0;
  for (size_t i = 0; i < eligible.size(); ++i) {
    if (!chosen[i]) continue;
    out[num++] = eligible[i].number;
    eligible[i].sent = true;
  }
  // The ACK is short of these alone. A record that is held, or of an epoch that this ACK may not
  // name, is no reason for another before that changes.
  if (std::ranges::any_of(eligible, &Entry::IsUnsent)) OweNow();
  if (!entries_.empty() && entries_.back().number.epoch >= kFirstApplicationEpoch) {
    //= rfc9147#section-7
    //# For post-handshake messages, ACKs SHOULD be sent once for each
    //# received and processed handshake record
    std::erase_if(entries_, [](const Entry& entry) { return entry.sent; });
    if (entries_.empty()) entries_ = std::vector<Entry>();
  }
  return num;
}

}  // namespace dtls13
