// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_PSKS_H_
#define DTLS13_SHIM_ANSWER_PSKS_H_

#include <optional>
#include <vector>

#include "dtls13/session/psk.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/time.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// External PSKs out of the application's callbacks: those of TLS 1.3, which hand over an
// SSL_SESSION, and those of DTLS 1.2, which hand over bytes and name no hash.

// --- Client

// CollectClientPsks appends the keys that a client offers, and asks the application's callbacks for
// them as libssl does for TLS 1.3. Unlike libssl it does not ask a second time after a
// HelloRetryRequest: nearly every handshake has one here, and the core itself leaves out what does
// not fit the suite that the server has chosen.
std::optional<HelloFailure> CollectClientPsks(SslAttachment& attachment, std::vector<Psk>* psks);

// --- Server

// MayKnowPsks: the application has, or may give to a ClientHello, callbacks that know PSKs; or one
// that judges tickets which nobody has opened.
bool MayKnowPsks(const SslAttachment& attachment);

// AnswerPskWanted asks the application's callbacks for the key of each identity that a client
// offers, in the client's order, and gives the association the first that is known, or none. As
// AnswerCredentialWanted does, it may end the association.
void AnswerPskWanted(SslAttachment& attachment, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_PSKS_H_
