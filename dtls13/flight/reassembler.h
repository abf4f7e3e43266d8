// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_REASSEMBLER_H_
#define DTLS13_FLIGHT_REASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// FragmentVerdict is what became of one received fragment. Only the first two may be acknowledged,
// RFC 9147 section 7.
enum class FragmentVerdict : uint8_t {
  kBuffered,     // new bytes were kept
  kAlreadyHeld,  // a duplicate of bytes held, or of a message handed out before (RFC 9147
                 // section 5.2)
  kDiscarded,    // too far ahead, or no room; not acknowledged
  kMismatch,  // a byte, the length, the type or the epoch of a message changed: illegal_parameter
  kTooLong,   // message_len exceeds the bound: illegal_parameter
};

// Message is a whole handshake message; `body` is valid until the next call on the Reassembler that
// changes it.
struct Message {
  HandshakeType type = HandshakeType::kClientHello;
  uint16_t message_seq = 0;
  Epoch epoch;  // of all its records
  std::span<const uint8_t> body;
};

// Reassembler collects handshake fragments, in any order and with overlaps, and gives whole
// messages out in message_seq order. Memory grows with the bytes that really arrived, never with a
// peer's declared length, and has a bound: max_message_len for the next message, max_len_ahead for
// all those ahead of it together, and kMaxFragmentsHeld runs of bytes. Nothing is on the heap while
// no message is held. A message whose fragments come in two epochs is a kMismatch. It does not know
// what messages mean, which are allowed, or how they are acknowledged.
class Reassembler {
 public:
  // kMaxMessagesAhead: how many messages past the next expected one are kept. A server's longest
  // flight has 6.
  static constexpr uint16_t kMaxMessagesAhead = 8;
  // kMaxFragmentsHeld bounds the bookkeeping of hostile one-byte fragments: the separate runs of
  // bytes over all messages held. A 100 KB chain in 576-byte fragments of which every other one is
  // lost has under 100. At the bound only the very next bytes expected are taken, so that a message
  // can still be completed.
  static constexpr size_t kMaxFragmentsHeld = 256;
  // kHoldTime: a message that is not whole by then may be forgotten, where it was not acknowledged:
  // twice the maximum segment lifetime, four times the longest that a peer waits
  // before it sends something again.
  static constexpr Duration kHoldTime = std::chrono::minutes(4);

  // `max_message_len` bytes bounds every message's body, and what is ahead.
  explicit Reassembler(size_t max_message_len)
      : max_message_len_(max_message_len), max_len_ahead_(max_message_len) {}

  // Limit changes both bounds for what comes from here on.
  void Limit(size_t max_message_len, size_t max_len_ahead) {
    max_message_len_ = max_message_len;
    max_len_ahead_ = max_len_ahead;
  }

  // StartAt sets next_receive_seq and forgets what is held: a server that answered statelessly
  // meets its client at message_seq 1.
  void StartAt(uint16_t next_receive_seq);
  // Forget drops what came in `epoch` and was not handed out.
  void Forget(Epoch epoch);
  // next_receive_seq is 65536 once every number has been used; then nothing more is taken.
  uint32_t next_receive_seq() const { return next_receive_seq_; }

  // Add keeps the fragment, whole or not at all; `now` is when it came. `*in_order` tells whether
  // it brought the next bytes expected (RFC 9147 section 7.1: what is out of order is a sign of
  // disruption); it is false for whatever brought nothing new.
  FragmentVerdict Add(const HandshakeFragment& fragment, Epoch epoch, Instant now, bool* in_order);

  // Front returns the next message once it is whole; Pop then discards it and expects the next.
  std::optional<Message> Front() const;
  void Pop();

  // kAllWhole is more than every message_seq.
  static constexpr uint32_t kAllWhole = 65536;
  // first_incomplete is the first message of which something and not all is held, kAllWhole if
  // there is none.
  uint32_t first_incomplete() const;
  // ForgetOld drops the incomplete messages that were begun kHoldTime before `now`. True if there
  // were any.
  bool ForgetOld(Instant now);
  // forget_at is when ForgetOld has the next.
  std::optional<Instant> forget_at() const;

  // HasPartial is true while fragments of messages not yet handed out are held.
  bool HasPartial() const { return !partials_.empty(); }
  size_t num_bytes_held() const;

 private:
  // A Run is bytes that lie together. The runs of a message are disjoint and sorted; neighbours may
  // touch.
  struct Run {
    uint32_t offset = 0;
    std::vector<uint8_t> bytes;

    uint32_t end() const { return offset + static_cast<uint32_t>(bytes.size()); }
  };

  // A Partial is a message of which something, or all of nothing, has arrived.
  struct Partial {
    uint16_t message_seq = 0;
    HandshakeType type = HandshakeType::kClientHello;
    uint32_t message_len = 0;
    uint32_t num_bytes = 0;  // held
    Epoch epoch;
    Instant since{};        // its first fragment
    std::vector<Run> runs;  // exactly one when the message is whole and not empty

    bool IsWhole() const { return num_bytes == message_len; }
    // FirstEndingAt returns the index of the first run that ends at `offset` or later.
    size_t FirstEndingAt(uint32_t offset) const;
    // Compare is false when a byte held differs from `body` at `offset`; otherwise `*num_held`
    // bytes of it are held.
    bool Compare(uint32_t offset, std::span<const uint8_t> body, uint32_t* num_held) const;
    // NeedsRun: keeping bytes at `offset` starts a run, rather than extending one.
    bool NeedsRun(uint32_t offset) const;
    // Keep adds those bytes of `body` that are not held.
    void Keep(uint32_t offset, std::span<const uint8_t> body);
    // Join makes one run of all, once the message is whole.
    void Join();
  };

  // FindSlot returns where the message is, or would be inserted.
  std::vector<Partial>::iterator FindSlot(uint16_t message_seq);
  bool IsNextExpected(uint16_t message_seq, uint32_t offset) const;
  size_t num_bytes_ahead() const;
  size_t num_runs() const;

  size_t max_message_len_;
  size_t max_len_ahead_;
  uint32_t next_receive_seq_ = 0;
  std::vector<Partial> partials_;  // in message_seq order, at most kMaxMessagesAhead + 1
};
static_assert(sizeof(Reassembler) <= 64, "an idle association keeps one");

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_REASSEMBLER_H_
