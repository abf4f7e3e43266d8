// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_HELLO_RATE_H_
#define DTLS13_ENDPOINT_HELLO_RATE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/wire/time.h"

namespace dtls13 {

// HelloRate bounds how many ClientHellos are looked at, for each host and in all. It knows no host:
// each has a place in two tables of counts, which hosts share by chance, and is held back only
// where both places are full. So a flood from a few hosts holds up a stranger only where he meets
// one of them in each, and whatever comes from whatever forged addresses, memory is constant.
//
// It does not know what a host is, and counts what it is told to.
class HelloRate {
 public:
  // kPlaces: of 50 000 hellos a second from as many hosts, one in a place and each second.
  static constexpr size_t kPlaces = 8192;
  // kBurst is how much of a rate may come at once: the hellos of so long.
  static constexpr Duration kBurst = std::chrono::seconds(2);

  // Rates a second; 0 is no bound. `seed` is random, so that nobody can choose hosts that meet.
  HelloRate(uint32_t max_per_host, uint32_t max_in_all, uint64_t seed);

  // TryTake counts a ClientHello of `host`, and is false where it is too many. Those with and those
  // without a cookie are each max_in_all, so that a flood of the one does not hold up the other.
  bool TryTake(std::span<const uint8_t> host, bool may_have_cookie, Instant now);

 private:
  // A count is the time at which all that was taken would have been, at the rate.
  using Counts = std::vector<Instant>;

  static Duration IntervalOf(uint32_t rate);
  static bool HasRoom(Instant count, Duration interval, Instant now);

  Duration per_host_;
  Duration in_all_;
  uint64_t seed_;
  std::array<Counts, 2> hosts_;
  std::array<Instant, 2> all_;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_HELLO_RATE_H_
