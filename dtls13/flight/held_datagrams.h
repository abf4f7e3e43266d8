// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_HELD_DATAGRAMS_H_
#define DTLS13_FLIGHT_HELD_DATAGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/wire/record_number.h"

namespace dtls13 {

// HeldDatagrams keeps copies of datagrams, or of records out of them, that came before the keys to
// read them, so that a message which is lost or late does not cost what follows it: the flight
// behind a ServerHello, the data behind a Finished. Bounded; what comes beyond is not kept, for the
// first are the likeliest to be a peer's and not a flood. Nothing is on the heap while nothing is
// held. It does not know what the datagrams hold: they may well be forged.
class HeldDatagrams {
 public:
  // kMaxDatagrams: as many records as leave in one transmission, RFC 9147 section 5.8.3.
  static constexpr size_t kMaxDatagrams = 10;
  // kMaxBytes: those at the largest size an Ethernet carries.
  static constexpr size_t kMaxBytes = kMaxDatagrams * 1500;

  // Hold keeps a copy until there are keys of `awaited`.
  void Hold(Epoch awaited, std::span<const uint8_t> datagram);
  bool empty() const { return held_.empty(); }
  // TakeUpTo returns what awaits `newest` or an earlier epoch, in the order it came.
  std::vector<std::vector<uint8_t>> TakeUpTo(Epoch newest);
  void Clear() { *this = HeldDatagrams(); }

 private:
  struct Held {
    Epoch awaited;
    std::vector<uint8_t> bytes;
  };

  std::vector<Held> held_;
  size_t num_bytes_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_HELD_DATAGRAMS_H_
