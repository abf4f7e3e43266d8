#ifndef DTLS13_SHIM_SESSION_OBJECT_H_
#define DTLS13_SHIM_SESSION_OBJECT_H_

#include "shim/openssl_headers.h"
#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// MakeSession builds libssl's object for what a connection has negotiated, with the version, suite,
// peer, verify result and times that applications print and compare. It has no id and no ticket, so
// it is not resumable. The caller owns it; null before the handshake is over, and when libssl
// fails.
SSL_SESSION* MakeSession(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_SESSION_OBJECT_H_
