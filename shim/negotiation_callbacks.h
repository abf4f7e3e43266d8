#ifndef DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_
#define DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_

#include "dtls13/wire/code_points.h"
#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// The application's callbacks that have a say in the handshake. Each Run* does nothing where there
// is no callback, and is false when the answer has ended the association or put the question off.

// RunClientHelloCallback is SSL_CTX_set_client_hello_cb's.
bool RunClientHelloCallback(SslAttachment& attachment);

// RunServerNameCallback calls the SSL_CTX's server name callback, on a server about the name it was
// asked for and on a client once the server has answered; where the SSL's present SSL_CTX has none,
// that of attachment.initial_ctx.
bool RunServerNameCallback(SslAttachment& attachment);

// RunProtocolCallback is SSL_CTX_set_alpn_select_cb's: it is asked of the protocols that a client
// offers. One that it did not offer, which libssl would answer with, is internal_error.
bool RunProtocolCallback(SslAttachment& attachment);

// RunCertificateCallback is SSL_set_cert_cb's, which may change the certificates.
bool RunCertificateCallback(SslAttachment& attachment);

// RunClientCertificateCallback asks SSL_CTX_set_client_cert_cb's for a certificate, and sets
// `*found` where the SSL has one more to choose from.
bool RunClientCertificateCallback(SslAttachment& attachment, bool* found);

// FailFor ends the association with `alert` and puts `reason` (SSL_R_*) on the error queue.
void FailFor(SslAttachment& attachment, int reason, AlertDescription alert);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_NEGOTIATION_CALLBACKS_H_
