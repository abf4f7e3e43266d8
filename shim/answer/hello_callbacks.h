// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_HELLO_CALLBACKS_H_
#define DTLS13_SHIM_ANSWER_HELLO_CALLBACKS_H_

#include "dtls13/event.h"
#include "dtls13/wire/code_points.h"
#include "shim/answer/failure.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// The application's callbacks that have a say in the handshake. Each Run* does nothing where there
// is no callback, or where its CallbackTurn has come and gone, and is false when the answer has
// ended the association or put the question off.

// RunHelloCallbacks runs those that come first on a server, each once for a ClientHello whatever
// questions are asked about it: the ClientHello, server name and ALPN callbacks. They may change
// the SSL's SSL_CTX and its settings. `question` is asked again where one of them puts it off.
// libssl comes to the server name after TLS 1.3's PSK callbacks but before those of DTLS 1.2, whose
// programs choose keys by it.
bool RunHelloCallbacks(SslAttachment& attachment, EventType question);

// RunServerNameCallback calls the SSL_CTX's server name callback, on a server about the name it was
// asked for and on a client once the server has answered; where the SSL's present SSL_CTX has none,
// that of the first.
bool RunServerNameCallback(SslAttachment& attachment);

// RunCertificateCallback is SSL_set_cert_cb's, which may change the certificates.
bool RunCertificateCallback(SslAttachment& attachment);

// RunClientCertificateCallback asks SSL_CTX_set_client_cert_cb's for a certificate, and sets
// `*found` where the SSL has one more to choose from.
bool RunClientCertificateCallback(SslAttachment& attachment, bool* found);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_HELLO_CALLBACKS_H_
