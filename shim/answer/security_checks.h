// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_
#define DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_

#include "dtls13/event.h"
#include "dtls13/message/credential.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// What the SSL's security callback says of a handshake that is under way; of what is offered it is
// asked before (offered_lists.h).

// CheckReceived looks at a Trace event: the suite that a server has chosen, and the scheme of the
// peer's signature. The association is over where the callback forbids it.
void CheckReceived(SslAttachment& attachment, const Event& event);

// CheckCredential asks about each certificate of `credential`. False when one is forbidden, which
// has ended the association.
bool CheckCredential(SslAttachment& attachment, const Credential& credential);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_
