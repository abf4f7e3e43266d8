// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_OCSP_STAPLE_H_
#define DTLS13_SHIM_ANSWER_OCSP_STAPLE_H_

#include "dtls13/handshake/handshake_config.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// OCSP stapling as libssl's interface has it: the response is kept in libssl's own object, for its
// own getter, and one callback of the SSL_CTX serves both sides.

// WantsStaple is whether a client's SSL asks for a response.
bool WantsStaple(SSL* ssl);

// AskForStaple has a client's hello ask as its SSL does: for a response, of which responders, and
// with which extensions of the request.
void AskForStaple(SSL* ssl, HandshakeConfig* handshake);

// AddStaple asks a server's application for the response that goes with `credential`, if the client
// wants one; SSL_get_tlsext_status_ids and _exts tell it what the client says of it. False when the
// answer has ended the association.
bool AddStaple(SslAttachment& attachment, Credential* credential);

// TellStaple shows a client's application the response that came, or that none did. False when the
// answer has ended the association.
bool TellStaple(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_OCSP_STAPLE_H_
