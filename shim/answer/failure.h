// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_FAILURE_H_
#define DTLS13_SHIM_ANSWER_FAILURE_H_

#include "dtls13/wire/alert.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// HelloFailure is why a client cannot begin: a libssl reason, and the alert that libssl sends.
struct HelloFailure {
  int reason = 0;
  AlertDescription alert{};
};

// FailFor ends the association with `alert` and puts `reason` (SSL_R_*) on the error queue.
void FailFor(SslAttachment& attachment, int reason, AlertDescription alert);

// EndByTicketFailure does so where a callback about tickets has failed meanwhile, and says whether.
bool EndByTicketFailure(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_FAILURE_H_
