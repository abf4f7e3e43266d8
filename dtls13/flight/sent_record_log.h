// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_SENT_RECORD_LOG_H_
#define DTLS13_FLIGHT_SENT_RECORD_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/flight/outgoing_flight.h"
#include "dtls13/flight/recent_queue.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// SentRecordLog remembers which fragments went out in which handshake records, so that an ACK's
// record numbers can be turned back into ranges (RFC 9147 section 7.2), and when they did. Bounded:
// the oldest entries are forgotten first, and an ACK of a forgotten record is merely of no help.
// Nothing is on the heap before the first record and after Clear. It does not know the messages
// themselves.
//= rfc9147#section-7.2
//# Implementations MUST treat a record as having been acknowledged if it
//# appears in any ACK; this prevents spurious retransmission in cases where
//# a flight is very large and the receiver is forced to elide
//# acknowledgements for records which have already been ACKed.
class SentRecordLog {
 public:
  // kMaxRecords: retransmissions of the longest flight we send (a 64 KB chain at 576 bytes is some
  // 120 records) in several rounds. Full, the log takes 30 KB.
  static constexpr size_t kMaxRecords = 256;

  // Record notes what the record `number`, which leaves at `now`, carried: at most
  // kMaxFragmentsPerRecord `refs`. Those beyond would stay unacknowledged.
  void Record(RecordNumber number, std::span<const FragmentRef> refs, Instant now);
  // Find returns the refs the record carried, empty if it is unknown. Valid until the next Record
  // or Clear.
  std::span<const FragmentRef> Find(RecordNumber number) const;
  // Age is how long before `now` the record left, to the millisecond; nothing if it is unknown.
  std::optional<Duration> Age(RecordNumber number, Instant now) const;
  // TakeAge is Age for the first ACK that names the record, and nothing for those behind it.
  std::optional<Duration> TakeAge(RecordNumber number, Instant now);
  void Clear() { entries_.Clear(); }

  size_t num_records() const { return entries_.size(); }

 private:
  struct Entry {
    RecordNumber number;
    std::array<FragmentRef, OutgoingFlight::kMaxFragmentsPerRecord> refs;
    uint32_t sent_at_ms = 0;  // modulo 2^32
    uint8_t num_refs = 0;
    bool is_named = false;  // by an ACK

    Duration Age(Instant now) const;
  };
  static_assert(sizeof(Entry) <= 120);

  // IndexOf returns the entry's age in the queue, its size if the record is unknown.
  size_t IndexOf(RecordNumber number) const;

  RecentQueue<Entry, kMaxRecords> entries_;
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_SENT_RECORD_LOG_H_
