// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_TIME_H_
#define DTLS13_WIRE_TIME_H_

#include <chrono>

namespace dtls13 {

// MonotonicClock tags Instant. It has no now(): time is always an argument of the caller's.
struct MonotonicClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};

// Instant is a point of monotonic time, microseconds since an origin the caller chose.
using Instant = MonotonicClock::time_point;
using Duration = MonotonicClock::duration;

// WallTime is calendar time, seconds since 1970: cookies' and tickets' ages. Never mixed with
// Instant.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::seconds>;

}  // namespace dtls13

#endif  // DTLS13_WIRE_TIME_H_
