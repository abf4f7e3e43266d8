// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_ACK_SCHEDULER_H_
#define DTLS13_FLIGHT_ACK_SCHEDULER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// AckScheduler decides which received handshake records an ACK names, and when one is owed (RFC
// 9147 section 7.1). Bounded; where space is short it favours records not yet acknowledged. During
// the handshake a record is named in every ACK until the flight is answered, so that a lost ACK
// costs little; after the handshake (records of epoch 3 and above) it is named once, and nothing
// stays on the heap. It does not know messages, epochs' keys, our own flight, or how an ACK is
// sent.
//= rfc9147#section-7.1
//# Implementations MAY acknowledge the records corresponding to each
//# transmission of each flight or simply acknowledge the most recent one.
class AckScheduler {
 public:
  // kMaxRecordNumbers: 32 records are 512 bytes of ACK, which fits every datagram.
  static constexpr size_t kMaxRecordNumbers = 32;
  // kMaxPatience is the longest retransmission timer of RFC 9147 section 5.8.2.
  static constexpr Duration kMaxPatience = std::chrono::seconds(60);

  explicit AckScheduler(bool is_client = false) : is_client_(is_client) {}

  // --- the connection

  // Allow: the peer speaks DTLS 1.3, and takes ACKs. Before it nothing that comes in owes one.
  void Allow() { is_allowed_ = true; }
  bool is_allowed() const { return is_allowed_; }
  // OnConnected: the handshake is over.
  void OnConnected() { is_connected_ = true; }

  // --- what came in

  // OnRecord notes an acknowledgeable record (processed or buffered, or a duplicate of such).
  void OnRecord(RecordNumber number) { Note(number, std::nullopt); }
  // OnRecord notes one whose newest message is `newest_seq`, where no message before
  // `first_incomplete` lacks a part. After the handshake no ACK names it before its message is
  // whole: parts of one may be forgotten again.
  void OnRecord(RecordNumber number, uint16_t newest_seq, uint32_t first_incomplete);
  // Release: no message before `first_incomplete` lacks a part.
  void Release(uint32_t first_incomplete);
  // ForgetHeld drops what is still held.
  void ForgetHeld();
  // OnDisruption: something is missing before what came.
  void OnDisruption();
  // OnRepeated: the peer repeats a message, in a record of `epoch`, and an ACK is owed. False, and
  // none is, where it rather misses the flight of ours that `has_flight` says is not acknowledged.
  bool OnRepeated(Epoch epoch, bool has_flight);
  // OnDatagram: all that came at `now` is taken, and `saw_unreadable` is whether a record of it was
  // of an epoch that cannot be read yet. `retransmit_timer` is the present value.
  void OnDatagram(bool saw_unreadable, Duration retransmit_timer, Instant now);

  // --- what is owed

  // OweNow: disruption, a final flight, or a post-handshake message: the ACK is to leave at once.
  // An empty list is a valid ACK (RFC 9147 section 7.1, last paragraph).
  void OweNow();
  // OweBy: part of a flight is here; ACK it unless the rest comes by `deadline`. An earlier
  // deadline stays: a peer that retransmits faster than our delay must not postpone it for ever.
  void OweBy(Instant deadline);
  // OnAckSent: what is owed left at `now`, as far as it had room. Where nothing but the rest of the
  // peer's flight answers it, it is owed again after `retransmit_timer`, then after twice that and
  // so on up to kMaxPatience, until a new record comes. `has_flight` as in OnRepeated.
  void OnAckSent(bool has_flight, Duration retransmit_timer, Instant now);
  // OnFlightStarted forgets the records of the flight before, which our own flight acknowledged
  // implicitly, and gives their memory back.
  void OnFlightStarted();
  // OnFlightSent: a flight of ours began to leave.
  void OnFlightSent();
  // CancelPending withdraws an owed ACK (the flight is answered) and keeps the list.
  void CancelPending();

  std::optional<Instant> deadline() const { return deadline_; }
  // HandleTimeout: an ACK whose deadline has passed becomes owed.
  void HandleTimeout(Instant now);
  bool owed() const { return owed_; }
  // num_unsent: records noted that no ACK has named yet, and that one may name.
  size_t num_unsent() const;

  // FillAck writes at most `out.size()` numbers in increasing order without duplicates, favouring
  // those never sent before, and marks them sent. Returns how many. owed() is true afterwards where
  // a number that had to be named had no room: the next ACK names it. Only records
  // with epoch <= `max_epoch` are named: during the handshake an ACK goes out in an epoch at least
  // as high as what it acknowledges. That rule ends with the handshake, when the two directions'
  // epochs are no longer comparable; pass the newest read epoch then.
  size_t FillAck(Epoch max_epoch, std::span<RecordNumber> out);

 private:
  struct Entry {
    RecordNumber number;
    bool sent = false;
    std::optional<uint16_t> held_for = {};  // the message_seq

    // IsUnsent: no ACK has named it yet, and one may.
    bool IsUnsent() const { return !sent && !held_for; }
  };

  void Note(RecordNumber number, std::optional<uint16_t> held_for);

  // MakeRoom drops the entry that matters least, if the list is full. False if that is `number`.
  bool MakeRoom(RecordNumber number);

  bool is_client_;
  bool is_allowed_ = false;
  bool is_connected_ = false;
  std::vector<Entry> entries_;  // increasing, without duplicates, at most kMaxRecordNumbers
  std::optional<Instant> deadline_;
  uint32_t num_repeats_ = 0;  // since a new record came
  bool owed_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_ACK_SCHEDULER_H_
