// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/ack_scheduler.h"

#include <algorithm>
#include <array>

namespace dtls13 {
namespace {

// kAckEvery: an incomplete flight is acknowledged at once after this many new records, so that a
// sender who keeps to bursts of ten need not wait for our ACK delay between them.
constexpr size_t kAckEvery = 8;

// kAckDelayDivisor: RFC 9147 section 7.1 suggests 1/4 of the retransmit timer.
constexpr int kAckDelayDivisor = 4;

}  // namespace

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

void AckScheduler::OnRecord(RecordNumber number, uint16_t newest_seq, uint32_t first_incomplete) {
  //= rfc9147#section-7
  //# For post-handshake messages, ACKs SHOULD be sent once for each
  //# received and processed handshake record
  // A part of a message is forgotten if the rest does not come, and the peer must still have it.
  const bool is_part = is_connected_ && newest_seq >= first_incomplete;
  Note(number, is_part ? std::optional<uint16_t>(newest_seq) : std::nullopt);
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

void AckScheduler::OnDisruption() {
  //= rfc9147#section-7.1
  //# When an implementation detects a disruption in the receipt of the
  //# current incoming flight, it SHOULD generate an ACK that covers the
  //# messages from that flight which it has received and processed so far.
  //= rfc9147#section-7.1
  //# Implementations have some discretion about which events to treat as
  //# signs of disruption, but it is RECOMMENDED that they generate ACKs under
  //# two circumstances:
  if (is_allowed_) OweNow();
}

bool AckScheduler::OnRepeated(Epoch epoch, bool has_flight) {
  // A server that repeats its flight has not seen our Finished, and one of either role that repeats
  // a hello has not seen our answer.
  const bool is_finished_lost =
      is_connected_ && is_client_ && epoch == kHandshakeEpoch && has_flight;
  if (is_finished_lost || (!is_connected_ && epoch == kPlaintextEpoch)) return false;
  //= rfc9147#section-5.8.1
  //# In addition, for at least twice the default MSL defined for
  //# [RFC0793], when in the FINISHED state, the server MUST respond to
  //# retransmission of the client's final flight with a retransmit of its
  //# ACK.
  //= rfc9147#section-7
  //# This includes records
  //# containing messages which are discarded because a previous copy has
  //# been received.
  OweNow();
  return true;
}

void AckScheduler::OnDatagram(bool saw_unreadable, Duration retransmit_timer, Instant now) {
  if (!is_allowed_) return;
  const size_t num = num_unsent();
  if (is_connected_) {
    // Post-handshake messages and the client's final flight have no answer to acknowledge them.
    //= rfc9147#section-7.1
    //# In general, flights MUST be ACKed unless they are implicitly
    //# acknowledged.
    //= rfc9147#section-7.1
    //# All other flights MUST be ACKed.
    //= rfc9147#section-8
    //# As with other handshake messages with no built-in response, KeyUpdates
    //# MUST be acknowledged.
    if (num > 0) OweNow();
  } else if (num >= kAckEvery) {
    OweNow();
  } else if (num > 0 || saw_unreadable) {
    // Records of an epoch we cannot read yet show that something before them is missing. They can
    // be forged, so they hasten nothing beyond the delay of a partial flight.
    //= rfc9147#section-7.1
    //# In this case, implementations MAY send explicit ACKs for the complete
    //# received flight even though it will eventually also be implicitly
    //# acknowledged through the responding flight.
    OweBy(now + retransmit_timer / kAckDelayDivisor);
  }
}

void AckScheduler::OweNow() {
  owed_ = true;
  deadline_.reset();
}

void AckScheduler::OweBy(Instant deadline) {
  if (owed_) return;
  if (!deadline_ || deadline < *deadline_) deadline_ = deadline;
}

void AckScheduler::OnAckSent(bool has_flight, Duration retransmit_timer, Instant now) {
  // A client whose hello is answered has nothing that it would send again, and its server may be
  // waiting for a sign that this is its address. Were the one ACK lost, both would wait for ever,
  // also where the client's caller is asked something meanwhile: its answer owes no ACK.
  if (owed_ || !is_client_ || is_connected_ || has_flight) return;
  Duration patience = retransmit_timer;
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

void AckScheduler::OnFlightSent() {
  // The flight answers what it answers; a separate ACK would only repeat it.
  //= rfc9147#section-7.1
  //# ACKs SHOULD NOT be sent for these flights unless the responding flight
  //# cannot be generated immediately.
  if (!is_connected_) CancelPending();
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
