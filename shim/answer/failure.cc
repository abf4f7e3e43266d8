// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/failure.h"

#include "shim/libssl/error_map.h"

namespace dtls13::shim {

void FailFor(SslAttachment& attachment, int reason, AlertDescription alert) {
  Raise(reason);
  // The reason is the error; the association's own, that it was aborted, would be a second for it.
  attachment.failure_report.OnTold();
  attachment.association()->Abort(alert);
}

bool EndByTicketFailure(SslAttachment& attachment) {
  const std::optional<AlertDescription> alert = attachment.tickets.failure();
  if (!alert || attachment.failed()) return false;
  FailFor(attachment, SSL_R_CALLBACK_FAILED, *alert);
  return true;
}

}  // namespace dtls13::shim
