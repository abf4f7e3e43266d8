// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_RUN_HANDSHAKE_H_
#define DTLS13_SHIM_DRIVE_RUN_HANDSHAKE_H_

#include "shim/attachment/ssl_attachment.h"
#include "shim/drive/driver.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// DefaultSide is what libssl's SSL_accept and SSL_connect do to an SSL that has no side yet.
void DefaultSide(SSL* ssl, Side side);

// RunHandshake takes the handshake of an SSL that is ours as far as it goes, or to an earlier
// `goal`, and tells the info callback how that ended. kDone, at once when it is over; kIsLibssls
// when the SSL is libssl's now; kWouldBlock, kBroken or kFailed.
Outcome RunHandshake(SslAttachment& attachment, Goal goal = Goal::kHandshake);

// ListenAsLibssl shows libssl's DTLSv1_listen the kept datagram, of a client that has no DTLS 1.3:
// kIsLibssls when it holds a good cookie, and the SSL is libssl's now; kIgnored when libssl
// answered it, or it was nothing, and the next datagram may be any client's; kFailed for an error.
Outcome ListenAsLibssl(SslAttachment& attachment, BIO_ADDR* client);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_RUN_HANDSHAKE_H_
