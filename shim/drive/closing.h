// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_CLOSING_H_
#define DTLS13_SHIM_DRIVE_CLOSING_H_

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// Shutdown is SSL_shutdown: sends close_notify (RFC 8446 section 6.1), and when it has left waits
// for the peer's. kDone when both are there; kIgnored when the peer's is still to come; otherwise
// as Drive, or kFailed before the handshake is over.
Outcome Shutdown(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_CLOSING_H_
