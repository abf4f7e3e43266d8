// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_
#define DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_

#include <openssl/x509.h>

#include <span>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/event.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// What the SSL's security callback says of a handshake that is under way; of what is offered it is
// asked before (offered_lists.h).

// CheckReceived looks at a Trace event: the suite that a server has chosen, and the scheme of the
// peer's signature. The association is over where the callback forbids it.
void CheckReceived(SslAttachment& attachment, const Event& event);

// CheckOwnChain asks about each certificate of our own, leaf first. False when one is forbidden,
// which has ended the association.
bool CheckOwnChain(SslAttachment& attachment, std::span<const OpenSslPtr<X509>> chain);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_SECURITY_CHECKS_H_
