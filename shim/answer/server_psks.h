#ifndef DTLS13_SHIM_ANSWER_SERVER_PSKS_H_
#define DTLS13_SHIM_ANSWER_SERVER_PSKS_H_

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// MayKnowPsks: the application has, or may give to a ClientHello, callbacks that know PSKs.
bool MayKnowPsks(const SslAttachment& attachment);

// AnswerPskWanted asks the application's callbacks for the key of each identity that a client
// offers, in the client's order, and gives the association the first that is known, or none. As
// AnswerCredentialWanted does, it may end the association.
void AnswerPskWanted(SslAttachment& attachment, Instant now);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_SERVER_PSKS_H_
