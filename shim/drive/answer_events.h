// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_ANSWER_EVENTS_H_
#define DTLS13_SHIM_DRIVE_ANSWER_EVENTS_H_

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// AnswerEvents polls the association's events until there are none: questions are answered by the
// application's callbacks, application data goes to DriveState, the rest is told. True when there
// was an event, and so the association may owe something.
bool AnswerEvents(SslAttachment& attachment, Instant now);

// EndHandshake is for when nothing is owed any more: where the handshake went well and is not over
// yet for the application, it is now. True when it was.
bool EndHandshake(SslAttachment& attachment);

// AskAgain repeats the question that a callback put off (SslAttachment::callbacks), if one did.
void AskAgain(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_ANSWER_EVENTS_H_
