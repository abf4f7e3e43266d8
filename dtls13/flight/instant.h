#ifndef DTLS13_FLIGHT_INSTANT_H_
#define DTLS13_FLIGHT_INSTANT_H_

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

// Instant is a point of monotonic time, microseconds since an origin the caller chose. Wall-clock
// time is WallTime, another type.
using Instant = MonotonicClock::time_point;
using Duration = MonotonicClock::duration;

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_INSTANT_H_
