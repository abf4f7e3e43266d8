// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_RETRANSMISSION_H_
#define DTLS13_FLIGHT_RETRANSMISSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/flight/outgoing_flight.h"
#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/flight/sent_record_log.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Retransmission holds the messages that the peer is not known to have, and decides when they leave
// and leave again: RFC 9147 sections 5.8 and 7.2. A flight is sent in bursts; what an ACK overtook
// is sent again at once, its unacknowledged end after a short while, everything when the timer
// expires or the peer repeats itself. Tickets alone are given up soon.
// It does not know keys, roles, what else messages mean, or whether the handshake is over; it is
// told what a record's number was and which numbers an ACK named.
class Retransmission {
 public:
  // kMaxTicketExpiries of the timer, each of which sends tickets again, and then none runs.
  static constexpr uint32_t kMaxTicketExpiries = 4;
  // kMaxTicketRevivals: so often is what was given up then sent once more for a peer that is heard.
  static constexpr uint32_t kMaxTicketRevivals = 4;

  explicit Retransmission(const RetransmitTimerConfig& config) : timer_(config) {}

  // --- messages

  // BeginFlight: the messages added from here on answer the peer, which has therefore seen the
  // flight before: that one is forgotten.
  void BeginFlight();
  // ExpectWork: the flight begun is the first that the peer has work with beyond a stateless
  // answer, and is given the time for it.
  void ExpectWork() { timer_.ExpectWork(); }
  // Add appends a message, to be sent under `epoch`. What was given up before it, and stands before
  // it in the peer's order, goes with it.
  void Add(Epoch epoch, HandshakeType type, uint16_t message_seq, std::vector<uint8_t> body,
           Instant now);
  bool empty() const { return flight_.empty(); }
  // WaitsForPeer: it holds more than tickets that were given up.
  bool WaitsForPeer() const { return !flight_.empty() && !(IsGivenUp() && HoldsTicketsAlone()); }
  // was_sent: at least a part of this flight has left.
  bool was_sent() const { return was_sent_; }
  // oldest_epoch: keys of epochs before it are not needed here; nothing where none are.
  std::optional<Epoch> oldest_epoch() const {
    return flight_.empty() ? std::nullopt : std::optional<Epoch>(flight_.oldest_epoch());
  }

  // --- sending

  // HasOwed: something is to be sent, though perhaps not before the peer is heard.
  bool HasOwed() const { return flight_.HasOwed(); }
  // MaySend: a record may leave now. The rest of a long flight follows in bursts, when the peer
  // acknowledges what went before or after a pause.
  bool MaySend() const { return burst_left_ > 0 && flight_.HasOwed(); }
  // HasUnsent: a message of `type` was added, and nothing of it has left yet.
  bool HasUnsent(HandshakeType type) const { return flight_.HasUnsent(type); }
  // next_owed_epoch is the epoch of the record that PackRecord would fill. Requires HasOwed().
  Epoch next_owed_epoch() const { return flight_.next_owed_epoch(); }
  // NextOwedIsNew: that record would repeat nothing. Requires HasOwed().
  bool NextOwedIsNew() const { return flight_.NextOwedIsNew(); }
  // Packed is what of the flight one record carries.
  struct Packed {
    size_t len = 0;  // of the record's content, bytes; 0 if nothing fits
    std::array<FragmentRef, OutgoingFlight::kMaxFragmentsPerRecord> refs{};
    size_t num_refs = 0;
  };
  // PackRecord fills `out` with the content of one record. OnRecordSent must follow, with the
  // number the record got.
  Packed PackRecord(std::span<uint8_t> out);
  void OnRecordSent(RecordNumber number, const Packed& packed, Instant now);
  // OnDatagramSent: records packed since the last call leave now. True for a flight's first.
  bool OnDatagramSent(Instant now);
  // wants_small_fragments: losses suggest that the path carries less than the MTU we were told.
  bool wants_small_fragments() const { return wants_small_fragments_; }

  // --- hearing of the peer

  enum class AckNews : uint8_t {
    kNothing,
    kProgress,    // it acknowledged something new
    kImpossible,  // it names an epoch above `max_epoch`
  };
  // OnAck: the peer sent an ACK, which may name epochs up to `max_epoch`. The newest record that no
  // ACK named before it measures the round trip.
  AckNews OnAck(AckReader ack, Epoch max_epoch, Instant now);
  // OnAcked: an ACK named `number`. True when that acknowledged anything new.
  bool OnAcked(RecordNumber number);
  // OnAnswerBegins: the first record of what may be the peer's answer came, in plaintext, with the
  // sequence number `mirrored`. A server may mirror the number of the ClientHello that it answers;
  // if that message comes to be accepted, this measures the round trip where the timer could not.
  void OnAnswerBegins(SequenceNumber mirrored, Instant now);
  bool AllAcked() const { return flight_.AllAcked(); }
  // OnAllAcked: the peer has everything, by an ACK or because it answered.
  void OnAllAcked(Instant now);
  // TakeAcked removes the oldest message if all of it is acknowledged (after the handshake).
  std::optional<OutgoingFlight::AckedMessage> TakeAcked(Instant now);
  // OnProgress: an ACK with news left some unacknowledged: what it overtook is owed again.
  void OnProgress(Instant now);
  // BeginningDue: something came that lies behind the beginning of the peer's answer. When that is
  // taken to be lost: it may be late, and is given as long again as the rest took.
  Instant BeginningDue(Instant now) const;
  // Hasten sends the flight again when that is due, and a few times more, each after twice as long.
  // Anybody can send what cannot be read.
  void Hasten(Instant now);
  // Provoke: the peer shows that it misses something: all is owed again. That may be forged, so it
  // is bounded in rate and in number between two signs of progress.
  void Provoke(Instant now);
  // OnClaim: a plaintext ACK came, which anybody may have written. It may hasten what it does not
  // name, and never stands for the peer's having anything.
  void OnClaim(AckReader ack, Instant now);
  // OnClaimed: such an ACK named `number`. What that carried is spared by ProvokeUnclaimed, and by
  // nothing else: the timer sends all of it again.
  void OnClaimed(RecordNumber number);
  // ProvokeUnclaimed is Provoke for the rest, and nothing where all is claimed.
  void ProvokeUnclaimed(Instant now);
  // Revive sends a flight that was given up again from the beginning, all of its attempts before
  // it; tickets a few times, once each. For what nobody can forge: an authenticated record of the
  // peer's, or the caller's own wish.
  void Revive(Instant now);
  // ForgetFrom drops the messages of `epoch` and later ones, which the peer would not take any
  // more.
  void ForgetFrom(Epoch epoch);

  // SendAgain: what was sent of late did not leave us, or cannot arrive; all is owed again at once.
  void SendAgain(Instant now);

  // --- time

  enum class Timeout : uint8_t {
    kNothing,
    kOwed,       // something is owed again
    kExhausted,  // the peer is taken to be gone; the timer has stopped
  };
  Timeout HandleTimeout(Instant now);
  std::optional<Instant> deadline() const;
  bool has_deadline() const { return timer_.running() || tail_due_ || pace_due_; }
  bool timer_running() const { return timer_.running(); }
  // Stop stops all timers.
  void Stop();
  // timer_value is the present retransmission timeout.
  Duration timer_value() const { return timer_.value(); }
  // ack_timer is the timeout that an ACK of a partial flight waits a part of, and repeat_timer
  // after which an ACK that nothing answers is repeated. Both leave out how often our own flight
  // was sent before: that says nothing of how long the rest of the peer's takes.
  Duration ack_timer() const;
  Duration repeat_timer() const;
  RetransmitTimerReport timer() const { return timer_.report(); }
  void OverrideTimer(Duration value) { timer_.Override(value); }

  // --- where nothing is held

  // Memory is what goes on being true once empty().
  struct Memory {
    RetransmitTimerMemory timer;
    bool wants_small_fragments = false;
  };
  // memory and Recall have a new Retransmission go on with what this one knows. Requires empty().
  Memory memory() const { return {timer_.memory(), wants_small_fragments_}; }
  void Recall(const Memory& memory) {
    timer_.Recall(memory.timer);
    wants_small_fragments_ = memory.wants_small_fragments;
  }

 private:
  // HoldsTicketsAlone: nothing that the peer or the caller waits for.
  bool HoldsTicketsAlone() const { return flight_.HoldsOnly(HandshakeType::kNewSessionTicket); }
  // IsGivenUp: it left, is not known to have arrived, and no timer sends it again.
  bool IsGivenUp() const { return was_sent_ && !flight_.empty() && !timer_.running(); }
  void ReviveTickets(Instant now);
  void SendHastened(Instant now);
  void ResetBudget();
  void BeginBurst(bool is_probe);
  bool MayProvoke(Instant now) const;
  void BeginProvoked(Instant now);
  // ExpectTail sets when the flight's unacknowledged end, none of it owed, is taken to be lost.
  void ExpectTail(Instant now);

  OutgoingFlight flight_;
  SentRecordLog sent_records_;
  RetransmitTimer timer_;
  bool has_unsent_records_ = false;  // packed since the last OnDatagramSent
  bool was_sent_ = false;
  bool is_probe_ = false;   // the burst is one
  bool was_paced_ = false;  // the last burst was not the flight's last
  bool wants_small_fragments_ = false;
  bool wants_copy_ = false;           // of the next datagram, if it holds all that is owed
  bool is_first_of_burst_ = false;    // the next datagram
  bool was_single_ = false;           // all that was owed left in one datagram, the last time
  bool sent_again_ = false;           // this flight, or the one whose answer is coming in
  uint32_t num_hastened_ = 0;         // times that the flight left ahead of the timer
  uint32_t num_provoked_ = 0;         // retransmissions the peer's repetition asked for in vain
  uint32_t num_tickets_revived_ = 0;  // times that tickets were, in vain
  uint32_t burst_left_ = 0;           // records that may leave before the peer is heard
  std::optional<Instant> last_sent_;
  std::optional<Duration> answer_time_;  // what the first ACK of a part of this flight took
  std::optional<Duration> answered_in_;  // what the answer took that is coming in
  std::optional<Instant> tail_due_;      // when what is unacknowledged is taken to be lost
  Duration hastened_after_{};            // how long that waited at last; zero if it is the tail's
  std::optional<Instant> pace_due_;      // when the next burst of a flight may leave
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_RETRANSMISSION_H_
