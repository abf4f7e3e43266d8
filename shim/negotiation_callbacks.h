#ifndef DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_
#define DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_

#include "dtls13/flight/instant.h"
#include "dtls13/wire/code_points.h"
#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// The application's callbacks that have a say in the handshake. Each Run* does nothing where there
// is no callback, and is false when the answer has ended the association.

// RunClientHelloCallback is SSL_CTX_set_client_hello_cb's.
bool RunClientHelloCallback(SslAttachment& attachment);

// RunServerNameCallback calls the SSL_CTX's server name callback, on a server about the name it was
// asked for and on a client once the server has answered; where the SSL's present SSL_CTX has none,
// that of `initial_ctx` (may be null).
bool RunServerNameCallback(SslAttachment& attachment, const CtxAttachment* initial_ctx);

// RunProtocolCallback is SSL_CTX_set_alpn_select_cb's: it is asked of the protocols that a client
// offers. One that it did not offer, which libssl would answer with, is internal_error.
bool RunProtocolCallback(SslAttachment& attachment, Instant now);

// RunCertificateCallback is SSL_set_cert_cb's, which may change the certificates. `reason` is what
// libssl reports when it fails.
bool RunCertificateCallback(SslAttachment& attachment, int reason);

// FailFor ends the association with `alert` and puts `reason` (SSL_R_*) on the error queue.
void FailFor(SslAttachment& attachment, int reason, AlertDescription alert);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_
