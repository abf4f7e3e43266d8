// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/timer_callback.h"

#include <utility>

namespace dtls13::shim {

std::optional<Duration> TimerCallback::Ask(SSL* ssl, const RetransmitTimerReport& present) {
  const RetransmitTimerReport before = std::exchange(noted_, present);
  const bool is_started = present.num_starts != before.num_starts;
  const bool has_expired = present.num_expiries > before.num_expiries;
  if (callback_ == nullptr || (!is_started && !has_expired)) return std::nullopt;
  const auto last_us = static_cast<unsigned int>(before.value.count());
  return Duration(callback_(ssl, is_started ? 0 : last_us));
}

}  // namespace dtls13::shim
