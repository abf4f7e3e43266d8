// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_PACE_H_
#define DTLS13_TOOLS_UDP_NOTIF_PACE_H_

#include <algorithm>
#include <cstdint>

#include "dtls13/wire/time.h"

namespace dtls13::udp_notif {

// Pace spreads what is sent evenly over time: so many a second, and after a pause no more at once
// than kMaxBurst's worth. It does not know what is sent.
//= draft-ietf-netconf-udp-notif#section-5.1
//# Implementations MUST NOT generate unbounded volumes of traffic by
//# default and SHOULD require the users to explicitly configure such a
//# mode of operation.
class Pace {
 public:
  // What a timer that is late by so much may catch up.
  static constexpr Duration kMaxBurst = std::chrono::milliseconds(20);

  // `per_second` 0: as fast as may be.
  Pace(uint32_t per_second, Instant start) : per_second_(per_second), due_(start) {}

  // Take is true, and counts one, when it is the time for it.
  bool Take(Instant now) {
    if (per_second_ == 0) return true;
    due_ = std::max(due_, now - kMaxBurst);
    if (due_ > now) return false;
    // The fractions of microseconds are kept for the next.
    fraction_ += std::micro::den;
    due_ += Duration(fraction_ / per_second_);
    fraction_ %= per_second_;
    return true;
  }

  // NextTime is when the next may go.
  Instant NextTime() const { return due_; }

 private:
  uint32_t per_second_;
  uint64_t fraction_ = 0;
  Instant due_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_PACE_H_
