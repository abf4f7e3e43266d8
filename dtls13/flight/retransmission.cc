// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/retransmission.h"

#include <algorithm>
#include <utility>

#include "dtls13/flight/sending_bound.h"

namespace dtls13 {
namespace {

// A peer need not acknowledge parts of a flight, and one that does not must get the whole of a long
// one in the end. So after a burst the next one leaves when half of the retransmission timer has
// passed: time enough for the ACK of a peer that waits a quarter of its own timer with it. RFC 9147
// section 5.8.3 has "sending more when messages are acknowledged" and ten records at once, which is
// what an ACK brings here. A window that grows by the records acknowledged is no faster within
// those ten, and of no use where nothing is acknowledged (docs/architecture.md has the figures).
constexpr int kBurstPauseDivisor = 2;

// A flight nothing is known to have arrived of is first tried with what a ServerHello and the first
// record behind it take: a peer that only lacks those acknowledges the rest, and one that lacks
// more says so.
constexpr uint32_t kProbeRecords = 2;

// The second hello sent again in vain is followed by seconds of silence, for nothing is known of
// the path yet. One that fits a datagram then leaves in two, as RFC 9002 section 6.2.4 has it for a
// probe that is expensive to lose: "An endpoint MAY send up to two full-sized datagrams containing
// ack-eliciting packets to avoid an expensive consecutive PTO expiration due to a single lost
// datagram". A path that loses one in a hundred hardly ever sees it, and where waits are shorter
// than this it is not worth the bytes.
constexpr uint32_t kExpiriesBeforeCopies = 2;
constexpr Duration kMinWaitForCopy = std::chrono::seconds(1);

// After this many retransmissions without an answer the path is taken to carry less than the MTU we
// were told, RFC 9147 section 4.4 ("2-3 seems appropriate").
//= rfc9147#section-4.4
//# If repeated retransmissions do not result in a response, and the PMTU is
//# unknown, subsequent retransmissions SHOULD back off to a smaller record
//# size, fragmenting the handshake message as appropriate.
constexpr uint32_t kSendsBeforeSmallFragments = 2;

// kMaxHastened bounds what records that nobody can read, which anyone can forge, may have sent
// ahead of the timer, before it expires for the first time; after that, as often as it does.
constexpr uint32_t kMaxHastened = 3;

// kMaxProvoked bounds what repeated hellos and empty ACKs, which anyone can forge, may have sent
// again between two signs of progress.
constexpr uint32_t kMaxProvoked = 16;

// Repeated hellos and empty ACKs bring a flight again no more often than this, which is also the
// shortest timer a peer of ours is known to use.
constexpr Duration kMinProvokeInterval = std::chrono::milliseconds(50);

// The tail of a flight may be lost or under way: it is given a quarter more than the time that the
// flight's first ACK took, and at least this.
// It is tried with its last record, as RFC 8985 section 7 does it: a peer that has all of the
// flight answers by its own, which was lost, and one that lacks more says so.
constexpr int kTailDelayDivisor = 4;
constexpr Duration kMinTailDelay = std::chrono::milliseconds(10);

}  // namespace

// --- Messages

void Retransmission::BeginFlight() {
  flight_.Clear();
  sent_records_.Clear();
  tail_due_.reset();
  answer_time_.reset();
  answered_in_.reset();
  was_sent_ = false;
  ResetBudget();
}

void Retransmission::Add(Epoch epoch, HandshakeType type, uint16_t message_seq,
                         std::vector<uint8_t> body, Instant now) {
  if (flight_.empty()) {
    answer_time_.reset();
    was_sent_ = false;
    ResetBudget();
  }
  if (IsGivenUp()) {
    flight_.OweUnacked();
    ResetBudget();
    timer_.Start(now);
  }
  flight_.Add(epoch, type, message_seq, std::move(body));
}

void Retransmission::ResetBudget() {
  num_hastened_ = 0;
  hastened_after_ = Duration();
  num_provoked_ = 0;
  num_tickets_revived_ = 0;
  BeginBurst(/*is_probe=*/false);
}

void Retransmission::BeginBurst(bool is_probe) {
  is_probe_ = is_probe;
  is_first_of_burst_ = true;
  burst_left_ = is_probe ? kProbeRecords : kMaxBurstRecords;
  pace_due_.reset();
}

// --- Sending

Retransmission::Packed Retransmission::PackRecord(std::span<uint8_t> out) {
  Packed packed;
  packed.len = flight_.PackRecord(out, packed.refs, &packed.num_refs);
  return packed;
}

void Retransmission::OnRecordSent(RecordNumber number, const Packed& packed, Instant now) {
  sent_records_.Record(number, std::span(packed.refs).first(packed.num_refs), now);
  has_unsent_records_ = true;
  --burst_left_;
}

bool Retransmission::OnDatagramSent(Instant now) {
  if (!std::exchange(has_unsent_records_, false)) return false;
  last_sent_ = now;
  pace_due_.reset();
  was_single_ = std::exchange(is_first_of_burst_, false) && !flight_.HasOwed();
  if (std::exchange(wants_copy_, false) && was_single_) {
    flight_.OweUnacked();
    BeginBurst(/*is_probe=*/false);
    wants_small_fragments_ = true;
  }
  // Records behind a probe wait for the answer to it, or for the timer.
  if (burst_left_ == 0 && !is_probe_ && flight_.HasOwed()) {
    pace_due_ = now + timer_.value() / kBurstPauseDivisor;
  }
  if (was_sent_) {
    // The flight is not out before its last burst is, and until then is not waited for. One that is
    // sent for the last time is not waited for at all.
    if (timer_.running() && (pace_due_ || was_paced_)) timer_.Postpone(now);
    was_paced_ = pace_due_.has_value();
    return false;
  }
  was_paced_ = pace_due_.has_value();
  was_sent_ = true;
  sent_again_ = false;
  timer_.Start(now);
  return true;
}

// --- Hearing of the peer

Retransmission::AckNews Retransmission::OnAck(AckReader ack, Epoch max_epoch, Instant now) {
  bool is_news = false;
  std::optional<Duration> round_trip;
  while (const std::optional<RecordNumber> number = ack.Next()) {
    if (number->epoch > max_epoch) return AckNews::kImpossible;
    // An ACK that was lost, or waited for more, makes the older records seem slower.
    const std::optional<Duration> age = sent_records_.TakeAge(*number, now);
    if (age && (!round_trip || *age < *round_trip)) round_trip = age;
    if (OnAcked(*number)) is_news = true;
  }
  if (round_trip) timer_.OnRoundTrip(*round_trip);
  return is_news ? AckNews::kProgress : AckNews::kNothing;
}

bool Retransmission::OnAcked(RecordNumber number) {
  bool is_news = false;
  for (const FragmentRef& ref : sent_records_.Find(number)) {
    if (flight_.OnAcked(ref)) is_news = true;
  }
  return is_news;
}

// Servers of other makes number their records from 0. Each that answers a ClientHello of ours has
// then a number no higher than that one's, and what is measured is too long, not too short.
void Retransmission::OnAnswerBegins(SequenceNumber mirrored, Instant now) {
  answered_in_ = sent_records_.Age({kPlaintextEpoch, mirrored}, now);
}

void Retransmission::OnAllAcked(Instant now) {
  //= rfc9147#section-7.2
  //# Once all the messages in a flight have been acknowledged, the
  //# implementation MUST cancel all retransmissions of that flight.
  flight_.Clear();
  sent_records_.Clear();
  tail_due_.reset();
  if (const auto round_trip = std::exchange(answered_in_, std::nullopt)) {
    timer_.OnRoundTrip(*round_trip);
  }
  timer_.OnAcked(now);
  ResetBudget();
}

std::optional<OutgoingFlight::AckedMessage> Retransmission::TakeAcked(Instant now) {
  const auto acked = flight_.TakeAcked();
  if (acked.has_value() && flight_.empty()) OnAllAcked(now);
  return acked;
}

void Retransmission::OnProgress(Instant now) {
  //= rfc9147#section-7.2
  //# Upon receipt
  //# of an ACK that leaves it with only some messages from a flight having
  //# been acknowledged, an implementation SHOULD retransmit the
  //# unacknowledged messages or fragments.
  flight_.OweOvertaken();
  ResetBudget();
  timer_.Restart(now);
  tail_due_.reset();
  if (!last_sent_) return;
  // The first of several ACKs tells: what it calls for leaves before the next one arrives.
  if (!answer_time_) answer_time_ = now - *last_sent_;
  if (!flight_.HasOwed()) ExpectTail(now);
}

void Retransmission::ExpectTail(Instant now) {
  const Duration patience = *answer_time_ + *answer_time_ / kTailDelayDivisor;
  tail_due_ = std::max(*last_sent_ + patience, now + kMinTailDelay);
}

Instant Retransmission::BeginningDue(Instant now) const {
  // A peer that is provoked earlier than kMinProvokeInterval behind its own flight does not hear.
  return now + std::max(last_sent_ ? now - *last_sent_ : Duration(), kMinProvokeInterval);
}

void Retransmission::Hasten(Instant now) {
  if (!timer_.running() || tail_due_) return;
  if (num_hastened_ >= kMaxHastened + timer_.num_expiries()) return;
  tail_due_ = BeginningDue(now);
  hastened_after_ = *tail_due_ - now;
}

// SendHastened waits twice as long with each, as the timer does.
void Retransmission::SendHastened(Instant now) {
  ++num_hastened_;
  flight_.OweUnacked();
  hastened_after_ *= 2;
  tail_due_.reset();
  if (num_hastened_ < kMaxHastened + timer_.num_expiries()) tail_due_ = now + hastened_after_;
}

bool Retransmission::MayProvoke(Instant now) const {
  if (!was_sent_ || flight_.empty() || num_provoked_ >= kMaxProvoked) return false;
  // Tickets that were given up are Revive's, which counts.
  if (IsGivenUp() && HoldsTicketsAlone()) return false;
  return !last_sent_ || now - *last_sent_ >= kMinProvokeInterval;
}

void Retransmission::Provoke(Instant now) {
  if (!MayProvoke(now)) return;
  // A peer that acknowledges no parts repeats itself until it has all of the flight, and the end of
  // a long one may wait for that: an address that is not proved is sent more for no other reason.
  // Whether it lacks the flight's beginning or its end it does not say, so the two take turns.
  const bool is_ends_turn = num_provoked_ % 2 == 1;
  if (!is_ends_turn || !flight_.OweNewAlone()) flight_.OweUnacked();
  BeginProvoked(now);
}

void Retransmission::OnClaim(AckReader ack, Instant now) {
  while (const std::optional<RecordNumber> number = ack.Next()) {
    if (number->epoch > kPlaintextEpoch) return;
    OnClaimed(*number);
  }
  ProvokeUnclaimed(now);
}

void Retransmission::OnClaimed(RecordNumber number) {
  for (const FragmentRef& ref : sent_records_.Find(number)) flight_.OnClaimed(ref);
}

void Retransmission::ProvokeUnclaimed(Instant now) {
  if (!MayProvoke(now)) return;
  flight_.OweUnclaimed();
  if (flight_.HasOwed()) BeginProvoked(now);
}

void Retransmission::BeginProvoked(Instant now) {
  ++num_provoked_;
  if (num_provoked_ >= kSendsBeforeSmallFragments) wants_small_fragments_ = true;
  BeginBurst(num_provoked_ == 1 && !answer_time_);
  sent_again_ = true;
  timer_.Postpone(now);
  last_sent_ = now;
}

void Retransmission::Revive(Instant now) {
  if (!IsGivenUp()) return;
  if (HoldsTicketsAlone()) {
    ReviveTickets(now);
    return;
  }
  flight_.OweUnacked();
  ResetBudget();
  timer_.Restart(now);
  last_sent_ = now;
}

// Each waits twice as long as the one before, as the timer would have had it.
void Retransmission::ReviveTickets(Instant now) {
  if (num_tickets_revived_ == kMaxTicketRevivals) return;
  if (last_sent_ && now - *last_sent_ < timer_.value() * (1 << num_tickets_revived_)) return;
  ++num_tickets_revived_;
  flight_.OweUnacked();
  BeginBurst(/*is_probe=*/false);
  last_sent_ = now;
}

void Retransmission::ForgetFrom(Epoch epoch) {
  flight_.ForgetFrom(epoch);
  if (!flight_.empty()) return;
  sent_records_.Clear();
  Stop();
}

void Retransmission::SendAgain(Instant now) {
  if (!was_sent_ || flight_.empty()) return;
  flight_.OweUnacked();
  BeginBurst(/*is_probe=*/false);
  timer_.Postpone(now);
}

// --- Time

Retransmission::Timeout Retransmission::HandleTimeout(Instant now) {
  if (pace_due_ && now >= *pace_due_) {
    BeginBurst(/*is_probe=*/false);
    return Timeout::kOwed;
  }
  if (tail_due_ && now >= *tail_due_) {
    sent_again_ = true;
    if (hastened_after_ > Duration()) {
      SendHastened(now);
    } else {
      tail_due_.reset();
      flight_.OweNewest();
    }
    BeginBurst(/*is_probe=*/false);
    timer_.Postpone(now);
    return Timeout::kOwed;
  }
  if (!timer_.HandleTimeout(now)) return Timeout::kNothing;
  tail_due_.reset();
  hastened_after_ = Duration();
  if (timer_.Exhausted()) {
    timer_.Stop();
    return Timeout::kExhausted;
  }
  // A NewSessionTicket is a gift that a client may leave: the connection is as good without it. Its
  // "maximum retransmission count" (RFC 9147 section 7.3) is small, because a program that has
  // stopped reading never sees the ACK, and one that asks DTLSv1_get_timeout takes a timer that
  // runs for a handshake that goes on. The other messages of section 5.8.4 are waited for and keep
  // the count of a flight: without the ACK of a KeyUpdate keys wear out, of a NewConnectionId or
  // RequestConnectionId a path is lost, and who asked for a client's authentication has no answer.
  // A ticket among those is sent again with them, since the peer takes messages in order; for that
  // it is kept when it is given up.
  if (HoldsTicketsAlone() && timer_.num_expiries() >= kMaxTicketExpiries) timer_.Stop();
  sent_again_ = true;
  wants_copy_ = was_single_ && timer_.num_expiries() >= kExpiriesBeforeCopies &&
                timer_.value() >= kMinWaitForCopy && flight_.oldest_epoch() == kPlaintextEpoch;
  if (timer_.num_expiries() >= kSendsBeforeSmallFragments && !wants_copy_) {
    wants_small_fragments_ = true;
  }
  flight_.OweUnacked();
  const bool is_probe = timer_.num_expiries() == 1 && num_provoked_ == 0 && !answer_time_;
  BeginBurst(is_probe);
  return Timeout::kOwed;
}

std::optional<Instant> Retransmission::deadline() const {
  std::optional<Instant> next = timer_.deadline();
  for (const std::optional<Instant>& due : {tail_due_, pace_due_}) {
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

Duration Retransmission::ack_timer() const {
  // What our own flight took several attempts for is likelier lost than late.
  return sent_again_ ? std::min(timer_.value(), RetransmitTimer::kFloor) : repeat_timer();
}

Duration Retransmission::repeat_timer() const { return std::min(timer_.value(), timer_.initial()); }

void Retransmission::Stop() {
  timer_.Stop();
  tail_due_.reset();
  pace_due_.reset();
}

}  // namespace dtls13
