// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_VERIFY_PEER_H_
#define DTLS13_SHIM_ANSWER_VERIFY_PEER_H_

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// AnswerVerifyPeer builds and checks the peer's chain with the SSL's store, parameters and
// callbacks, sets the SSL's verify result, and keeps the certificates in attachment.lent(). A
// client's callback may put it off; a chain that does not do, where it has to, ends the association
// with the alert that libssl has for the reason (AlertForVerifyError).
void AnswerVerifyPeer(SslAttachment& attachment, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_VERIFY_PEER_H_
