// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_RECEIVE_H_
#define DTLS13_SHIM_DRIVE_RECEIVE_H_

#include <optional>

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// Receive reads one datagram, the accepted hello of attachment.kept_hello before any of the BIO's,
// hands it to the association and answers the events that it caused. Its application data lies in
// DriveState::unread, in the datagram's own buffer until ReceivedData::Keep. As ReadDatagram, whose
// `deadline` it is.
Outcome Receive(SslAttachment& attachment, std::optional<Instant> deadline);

// OnReadTrouble is what a read that did not come to kDone means for the call: kWouldBlock with
// `want`, or kBroken.
Outcome OnReadTrouble(SslAttachment& attachment, Outcome outcome);

// IsLibssls: the server turned out to have no DTLS 1.3. What is left of the association is then
// nobody's: libssl will tell the application the same.
bool IsLibssls(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_RECEIVE_H_
