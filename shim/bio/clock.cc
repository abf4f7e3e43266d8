// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/clock.h"

namespace dtls13::shim {

Instant Now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

WallTime WallNow() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace dtls13::shim
