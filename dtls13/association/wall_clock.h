// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_WALL_CLOCK_H_
#define DTLS13_ASSOCIATION_WALL_CLOCK_H_

#include <chrono>
#include <optional>

#include "dtls13/wire/time.h"

namespace dtls13 {

// WallClock is the calendar time of an association, which is told it once and monotonic time ever
// after: tickets and cookies are judged by it (RFC 8446 section 4.2.11.1, RFC 9147 section 5.1). It
// cannot go back, and does not know leaps of the system's clock.
class WallClock {
 public:
  // Set says that the association's first call with a time is made at `start`.
  void Set(WallTime start) { start_ = start; }
  // OnCall is told the time of each call; the first is the one that Set spoke of.
  void OnCall(Instant now) {
    if (!first_call_) first_call_ = now;
  }
  // At is the calendar time at `now`, in whole seconds.
  WallTime At(Instant now) const {
    if (!first_call_) return start_;
    return start_ + std::chrono::duration_cast<std::chrono::seconds>(now - *first_call_);
  }

 private:
  WallTime start_{};
  std::optional<Instant> first_call_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_WALL_CLOCK_H_
