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

// AckScheduler decides which received handshake records an ACK names, and keeps when one is owed
// (RFC 9147 section 7.1). Bounded; where space is short it favours records not yet acknowledged.
// During the handshake a record is named in every ACK until the flight is answered, so that a lost
// ACK costs little; after the handshake (records of epoch 3 and above) it is named once, and
// nothing stays on the heap. It does not know messages, epochs' keys, which events call for an ACK,
// or how it is sent.
//= rfc9147#section-7.1
//# Implementations MAY acknowledge the records corresponding to each
//# transmission of each flight or simply acknowledge the most recent one.
class AckScheduler {
 public:
  // kMaxRecordNumbers: 32 records are 512 bytes of ACK, which fits every datagram.
  static constexpr size_t kMaxRecordNumbers = 32;
  // kMaxPatience is the longest retransmission timer of RFC 9147 section 5.8.2.
  static constexpr Duration kMaxPatience = std::chrono::seconds(60);

  // OnRecord notes an acknowledgeable record (processed or buffered, or a duplicate of such).
  void OnRecord(RecordNumber number) { Note(number, std::nullopt); }
  // OnHeldRecord notes one that no ACK names before `message_seq` is whole: after the handshake
  // parts of a message may be forgotten again.
  void OnHeldRecord(RecordNumber number, uint16_t message_seq) { Note(number, message_seq); }
  // Release: no message before `first_incomplete` lacks a part.
  void Release(uint32_t first_incomplete);
  // ForgetHeld drops what is still held.
  void ForgetHeld();
  // OweNow: disruption, a final flight, or a post-handshake message: the ACK is to leave at once.
  // An empty list is a valid ACK (RFC 9147 section 7.1, last paragraph).
  void OweNow();
  // OweBy: part of a flight is here; ACK it unless the rest comes by `deadline`. An earlier
  // deadline stays: a peer that retransmits faster than our delay must not postpone it for ever.
  void OweBy(Instant deadline);
  // Repeat: an ACK left at `now` that nothing but the rest of the peer's flight answers. It is owed
  // again after `patience`, then after twice that and so on up to kMaxPatience, until a new record
  // comes.
  void Repeat(Duration patience, Instant now);
  // OnFlightStarted forgets the records of the flight before, which our own flight acknowledged
  // implicitly, and gives their memory back.
  void OnFlightStarted();
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

  std::vector<Entry> entries_;  // increasing, without duplicates, at most kMaxRecordNumbers
  std::optional<Instant> deadline_;
  uint32_t num_repeats_ = 0;  // since a new record came
  bool owed_ = false;
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_ACK_SCHEDULER_H_
