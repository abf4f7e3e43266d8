// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_OFFERED_LISTS_H_
#define DTLS13_SHIM_ATTACHMENT_OFFERED_LISTS_H_

#include "dtls13/handshake/handshake_config.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// ChooseLists puts the cipher suites, groups and signature schemes that the application set in
// place of the defaults, without what the core lacks or the SSL's security callback forbids.
// `handshake->algorithms` must be there. Returns libssl's reason code (SSL_R_*) for the first of
// them that nothing is left of, 0 otherwise.
int ChooseLists(const SslAttachment& attachment, HandshakeConfig* handshake);

// HasListsForDtls13 says whether anything is left of all three. An application whose lists are of
// DTLS 1.2 alone means just that.
bool HasListsForDtls13(const SslAttachment& attachment);

// CanAuthenticateServer says whether a server may have something to prove itself with in DTLS 1.3:
// a certificate whose key makes a signature that it allows, a PSK, or a callback that brings
// either. Anonymous suites, DSA and curves without a scheme are of DTLS 1.2 alone, which libssl
// goes down to with TLS as well.
bool CanAuthenticateServer(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_OFFERED_LISTS_H_
