// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_ERROR_MAP_H_
#define DTLS13_SHIM_LIBSSL_ERROR_MAP_H_

#include "dtls13/wire/status.h"

namespace dtls13::shim {

// LibsslReason returns the ERR_LIB_SSL reason code that libssl would report where an association
// failed with `status`.
int LibsslReason(Status status);

// RaiseStatus puts `status` on the thread's error queue as libssl would.
void RaiseStatus(Status status);

// Raise puts one ERR_LIB_SSL reason on the thread's error queue.
void Raise(int reason);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_ERROR_MAP_H_
