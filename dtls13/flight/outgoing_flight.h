// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_OUTGOING_FLIGHT_H_
#define DTLS13_FLIGHT_OUTGOING_FLIGHT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// FragmentRef names a range of one outgoing message: what a sent record carried.
struct FragmentRef {
  uint16_t message_seq = 0;
  uint32_t offset = 0;
  uint32_t len = 0;
  // The record that carried the range, counted from 1 over all that PackRecord ever filled; 0 is
  // none in particular.
  uint32_t record = 0;

  // Two are equal when they name the same range, in whichever record.
  friend bool operator==(const FragmentRef& a, const FragmentRef& b) {
    return a.message_seq == b.message_seq && a.offset == b.offset && a.len == b.len;
  }
};

// OutgoingFlight holds the messages of the flight last sent (or several post-handshake messages)
// until they are acknowledged, knows which bytes are acknowledged and which are owed to the wire,
// and packs the owed ones into records. A boundary between two fragments once sent is kept on every
// retransmission; a smaller record splits further. Zero-length messages count as one owed fragment.
// Nothing is on the heap while it is empty.
// It does not know keys, record numbers, time or datagrams.
class OutgoingFlight {
 public:
  // kMaxFragmentsPerRecord: a record holds at most this many fragments, so that its entry in
  // SentRecordLog has a fixed size.
  static constexpr size_t kMaxFragmentsPerRecord = 6;
  // kMinSplitLen: a message is begun behind others in a record only with this many bytes of its
  // body or all of them, so that a fragment is never mostly header.
  static constexpr size_t kMinSplitLen = 2 * kHandshakeHeaderLen;

  // Add appends a message, all of it owed. `body` excludes the header and has less than 2^24 bytes;
  // `message_seq` exceeds that of every message held.
  void Add(Epoch epoch, HandshakeType type, uint16_t message_seq, std::vector<uint8_t> body);
  void Clear();
  // ForgetFrom drops the messages of `epoch` and later ones.
  void ForgetFrom(Epoch epoch);

  bool empty() const { return messages_.empty(); }
  // HasOwed: something waits to be packed.
  bool HasOwed() const;
  bool AllAcked() const;
  // HoldsOnly: every message held is of `type`. True of none at all.
  bool HoldsOnly(HandshakeType type) const;
  // HasUnsent: a message of `type` is held, and nothing of it has left.
  bool HasUnsent(HandshakeType type) const;
  // next_owed_epoch is the epoch of the next record PackRecord would fill. Requires HasOwed().
  //= rfc9147#section-4.2.1
  //# Implementations MUST send retransmissions of lost messages using the
  //# same epoch and keying material as the original transmission.
  Epoch next_owed_epoch() const;
  // NextOwedIsNew: nothing in that record would have left before. Requires HasOwed().
  bool NextOwedIsNew() const;

  // PackRecord fills `out` with handshake fragments (header and body each) of one epoch, in order,
  // as many as fit, and marks them sent. `refs` receives what was packed, `*num_refs` entries of
  // at most kMaxFragmentsPerRecord. Returns the bytes written; 0 when nothing is owed or not even
  // one byte of body fits behind a header.
  size_t PackRecord(std::span<uint8_t> out, std::span<FragmentRef> refs, size_t* num_refs);

  // OnAcked marks a range acknowledged; it is never owed again. Ranges of messages no longer held
  // are ignored. Returns true when that acknowledged anything new.
  bool OnAcked(const FragmentRef& ref);
  // OnClaimed is OnAcked for an ACK that nobody vouches for: what it names is left out of
  // OweUnclaimed, and still not known to have arrived.
  void OnClaimed(const FragmentRef& ref);
  // OweUnacked makes everything not acknowledged owed again: a timeout, or a peer that waits.
  void OweUnacked();
  // OweNewest does so for what the last record carried of that.
  void OweNewest();
  // OweUnclaimed does so for what no ACK names, whoever wrote it.
  void OweUnclaimed();
  // OweNewAlone takes back what is owed again: only what has never left is owed. False, and nothing
  // is taken back, where there is none of that.
  bool OweNewAlone();
  // OweOvertaken makes owed again what was last sent before something that is acknowledged by now:
  // it was lost, or reordered. What was sent later may well be under way still, and a peer that
  // acknowledges record by record would have all of it sent again with each.
  void OweOvertaken();
  // TakeAcked frees the oldest message held if it is wholly acknowledged, and says which it was
  // (post-handshake use). The peer takes messages in order, so one that is acknowledged behind one
  // that is not may be held up there.
  struct AckedMessage {
    HandshakeType type;
    uint16_t message_seq;
  };
  std::optional<AckedMessage> TakeAcked();
  // oldest_epoch is that of the oldest message held. Requires !empty().
  Epoch oldest_epoch() const { return messages_.front().epoch; }
  // IsAcked is true when the message is wholly acknowledged or no longer held.
  bool IsAcked(uint16_t message_seq) const;

  // num_bytes_held counts the bodies of the messages held.
  size_t num_bytes_held() const;

 private:
  enum class PieceState : uint8_t {
    kNew,       // owed, never sent: may be cut anywhere
    kInFlight,  // sent, neither acknowledged nor given up
    kClaimed,   // sent, and acknowledged by somebody who may not be the peer
    kLost,      // owed again, as one fragment if it fits
    kAcked,
  };

  // A Piece is a range of a message with one state. It begins where the piece before it ends.
  //= rfc9147#section-5.5
  //# The ranges MUST NOT overlap.
  struct Piece {
    uint32_t end = 0;
    uint32_t last_sent = 0;  // FragmentRef::record
    PieceState state = PieceState::kNew;
  };

  struct OutgoingMessage {
    Epoch epoch;
    HandshakeType type = HandshakeType::kClientHello;
    uint16_t message_seq = 0;
    //= rfc9147#section-5.5
    //# Senders MUST NOT change handshake message bytes upon retransmission.
    std::vector<uint8_t> body;
    std::vector<Piece> pieces;  // cover the body; a single empty one for an empty body

    bool IsAcked() const;
    uint32_t PieceBegin(size_t index) const { return index == 0 ? 0 : pieces[index - 1].end; }
    // CutAt makes `offset` a boundary between pieces, if it lies within the body.
    void CutAt(uint64_t offset);
    // FitPiece cuts the owed piece `index` to `room` bytes of header and body, if it must and may.
    // False when nothing of it is to go there. `alone`: there is nothing else in the record.
    bool FitPiece(size_t index, size_t room, bool alone);
    // SendPiece writes the piece to `out`, which has the room, as part of the record `record`, and
    // returns the bytes written.
    size_t SendPiece(size_t index, uint32_t record, std::span<uint8_t> out, FragmentRef* ref);
  };

  static bool IsOwed(const Piece& piece) {
    return piece.state == PieceState::kNew || piece.state == PieceState::kLost;
  }
  // IsUnderWay: it was sent, and may have arrived or not.
  static bool IsUnderWay(const Piece& piece) {
    return piece.state == PieceState::kInFlight || piece.state == PieceState::kClaimed;
  }
  // OweSentSince makes owed again what is under way in `record` or a later one.
  void OweSentSince(uint32_t record);
  // Mark gives the state to those pieces of the range that do not have it, nor are known to
  // have arrived. False when there are none.
  bool Mark(const FragmentRef& ref, PieceState state);
  // FirstOwed returns the first message with an owed piece, null if there is none.
  const OutgoingMessage* FirstOwed() const;
  OutgoingMessage* Find(uint16_t message_seq);

  std::vector<OutgoingMessage> messages_;  // in message_seq order
  uint32_t num_records_ = 0;               // that PackRecord filled
  uint32_t newest_acked_ = 0;              // of them the last known to have arrived
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_OUTGOING_FLIGHT_H_
