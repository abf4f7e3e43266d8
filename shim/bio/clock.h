// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_CLOCK_H_
#define DTLS13_SHIM_BIO_CLOCK_H_

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/wire/time.h"

namespace dtls13::shim {

// Now is the monotonic clock of every Instant in the shim.
Instant Now();
// WallNow is the calendar time that cookies are dated with.
WallTime WallNow();

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_CLOCK_H_
