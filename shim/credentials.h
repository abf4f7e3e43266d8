#ifndef DTLS13_SHIM_CREDENTIALS_H_
#define DTLS13_SHIM_CREDENTIALS_H_

#include "dtls13/flight/instant.h"
#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// The three questions of an association, answered out of the application's SSL. Each calls one
// Provide* or Abort of attachment.association(), and may call the application's callbacks. Errors
// go on libssl's error queue before the association fails, so the driver's own reason comes last.

// AnswerCredentialWanted runs the ClientHello, server name and certificate callbacks (which may
// change the SSL's SSL_CTX) and offers the certificate slot that fits the client.
void AnswerCredentialWanted(SslAttachment& attachment, Instant now);

// AnswerSignatureWanted signs with the SSL's private key.
void AnswerSignatureWanted(SslAttachment& attachment, Instant now);

// AnswerVerifyPeer builds and checks the peer's chain with the SSL's store, parameters and
// callbacks, sets the SSL's verify result, and keeps the certificates in peer_objects().
void AnswerVerifyPeer(SslAttachment& attachment, Instant now);

// RunServerNameCallback calls the SSL_CTX's server name callback, on a server about the name it was
// asked for and on a client once the server has answered; where the SSL's present SSL_CTX has none,
// that of `initial_ctx` (may be null). False when the answer has ended the association.
bool RunServerNameCallback(SslAttachment& attachment, const CtxAttachment* initial_ctx);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_CREDENTIALS_H_
