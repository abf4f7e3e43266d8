// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_REPLAY_WINDOW_H_
#define DTLS13_RECORD_REPLAY_WINDOW_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// ReplayWindow remembers which of the last kSize record numbers of one epoch were seen, RFC 9147
// section 4.5.1. Asking and marking are two calls, so that only a record that was deprotected moves
// it. It does not know epochs, nor whether a record was authentic.
//= rfc9147#section-4.5.1
//# Sequence number verification SHOULD be performed using the following
//# sliding window procedure, borrowed from Section 3.4.3 of [RFC4303].
//= rfc9147#section-4.5.1
//# The receiver SHOULD pick a window large enough to handle any plausible
//# reordering, which depends on the data rate.
//= draft-ietf-tls-dtls13-26#section-4.4.1
//# A minimum window size of 32 MUST be supported, but a window size of 64
//# is preferred and SHOULD be employed as the default.
//= draft-ietf-tls-dtls13-26#section-4.4.1
//# Another window size (larger than the minimum) MAY be chosen by the
//# receiver.
class ReplayWindow {
 public:
  // At 10 Gb/s of full-size datagrams 256 records are 0.3 ms, which covers what several receive
  // queues or paths of one host reorder; at 1 Gb/s 3 ms. It costs 32 bytes an epoch, where 64
  // records would lose data on fast paths and 1024 would weigh on every idle association.
  static constexpr uint64_t kSize = 256;

  // IsNew is true for a number to the right of the window, or within it and not yet marked. The
  // number 2^64-1 is never new: its successor, which reconstruction needs, does not exist.
  bool IsNew(SequenceNumber number) const {
    if (number.value >= next_) return number.value != UINT64_MAX;
    return next_ - number.value <= kSize && (Word(number.value) & Bit(number.value)) == 0;
  }

  // Mark records a number for which IsNew was just true.
  void Mark(SequenceNumber number) {
    if (number.value >= next_) Advance(number.value);
    seen_[WordIndex(number.value)] |= Bit(number.value);
  }

  // Write and Read carry the window to another process; Read is false unless it read a window.
  void Write(ByteWriter* writer) const {
    writer->WriteU64(next_);
    for (const uint64_t word : seen_) writer->WriteU64(word);
  }
  [[nodiscard]] bool Read(ByteReader* reader) {
    bool ok = reader->ReadU64(&next_);
    for (uint64_t& word : seen_) ok = ok && reader->ReadU64(&word);
    return ok;
  }

  // next is one plus the highest number marked, 0 if none was.
  SequenceNumber next() const { return SequenceNumber{next_}; }

 private:
  static constexpr size_t kWordBits = 64;
  static constexpr size_t kNumWords = kSize / kWordBits;

  // A ring: number n has bit n % kSize, so that nothing is shifted when the window moves.
  static constexpr size_t WordIndex(uint64_t number) { return number / kWordBits % kNumWords; }
  static constexpr uint64_t Bit(uint64_t number) { return uint64_t{1} << (number % kWordBits); }
  uint64_t Word(uint64_t number) const { return seen_[WordIndex(number)]; }

  // Advance forgets the numbers that fall off the left edge when `number` becomes the right one.
  void Advance(uint64_t number) {
    if (number - next_ >= kSize) {
      seen_.fill(0);
    } else {
      for (uint64_t n = next_; n <= number;) {
        const bool whole_word = n % kWordBits == 0 && number - n >= kWordBits - 1;
        seen_[WordIndex(n)] &= whole_word ? 0 : ~Bit(n);
        n += whole_word ? kWordBits : 1;
      }
    }
    next_ = number + 1;
  }

  //= rfc9147#section-4.5.1
  //# The received record counter for an epoch MUST be initialized to zero
  //# when that epoch is first used.
  uint64_t next_ = 0;
  std::array<uint64_t, kNumWords> seen_{};
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_REPLAY_WINDOW_H_
