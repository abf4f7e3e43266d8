// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_CREDENTIALS_H_
#define DTLS13_SHIM_ANSWER_CREDENTIALS_H_

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// The questions of an association, answered out of the application's SSL: by the Provide* calls of
// attachment.association(), by its Abort, or not yet, where a callback of the application's wants
// to be asked again. Errors go on libssl's error queue before the association fails, so the
// driver's own reason comes last.

// AnswerCredentialWanted runs the callbacks that come before a certificate is chosen, which may
// change the SSL's SSL_CTX and its certificates, and shows the certificate slot that fits the peer.
// A server also says what it demands of its client; a client without a fitting slot shows none.
void AnswerCredentialWanted(SslAttachment& attachment, Instant now);

// AnswerSignatureWanted signs with the SSL's private key.
void AnswerSignatureWanted(SslAttachment& attachment, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CREDENTIALS_H_
