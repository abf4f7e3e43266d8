// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_TIMER_H_
#define DTLS13_SHIM_DRIVE_TIMER_H_

#include <optional>

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// ServeTimer has the association do what its deadline is for, if that has come at `now` or is about
// to. True when it had.
bool ServeTimer(SslAttachment& attachment, Instant now);

// FollowTimer sets the retransmission timer as the application's callback wants it, and not so low
// that ServeTimer would take it for expired.
void FollowTimer(SslAttachment& attachment);

// TellDeadline tells the read BIO when the association's next timer expires, or `give_up` if that
// is earlier, and returns it.
std::optional<Instant> TellDeadline(SslAttachment& attachment,
                                    std::optional<Instant> give_up = std::nullopt);

// WaitEnded is true when a read came back because the deadline it was told has come. A read that
// does not wait comes back at any time; what falls due meanwhile is the next call's.
bool WaitEnded(const SslAttachment& attachment);
// HasPassed says whether a blocking read that ended at `now` ended because of `deadline`.
bool HasPassed(Instant deadline, Instant now);

// TimeLeft is DTLSv1_get_timeout: nothing when no timer runs, never negative.
std::optional<Duration> TimeLeft(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_TIMER_H_
