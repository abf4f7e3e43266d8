// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_HELD_DATAGRAMS_H_
#define DTLS13_FLIGHT_HELD_DATAGRAMS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dtls13 {

// HeldDatagrams keeps copies of datagrams that came before the keys to read them, so that a lost
// or late ServerHello does not cost the rest of its flight. Bounded; what comes beyond is not kept,
// for the first are the likeliest to be a peer's and not a flood. Nothing is on the heap before
// Hold and after TakeAll. It does not know what the datagrams hold: they may well be forged.
class HeldDatagrams {
 public:
  // kMaxDatagrams: as many records as leave in one transmission, RFC 9147 section 5.8.3.
  static constexpr size_t kMaxDatagrams = 10;
  // kMaxBytes: those at the largest size an Ethernet carries.
  static constexpr size_t kMaxBytes = kMaxDatagrams * 1500;

  void Hold(std::span<const uint8_t> datagram);
  bool empty() const { return datagrams_.empty(); }
  // TakeAll returns the datagrams in the order they came.
  std::vector<std::vector<uint8_t>> TakeAll();

 private:
  std::vector<std::vector<uint8_t>> datagrams_;
  size_t num_bytes_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_HELD_DATAGRAMS_H_
