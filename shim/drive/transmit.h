// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_TRANSMIT_H_
#define DTLS13_SHIM_DRIVE_TRANSMIT_H_

#include <cstdint>
#include <span>

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// Transmit answers events and writes the datagrams that the association owes until there are none
// of both, for each may cause the other, and ends the flight with BIO_flush. kDone, or what the
// write BIO came to; what it did not take goes first next time.
Outcome Transmit(SslAttachment& attachment, Instant now);

// DataKind is what a record of TransmitData is.
enum class DataKind : uint8_t { kApplication, kEarly };

// TransmitData writes one record of data as a datagram. One that the BIO does not take is lost, as
// it is in libssl. kEarly is a client's early data, or a server's behind its Finished. So is early
// data that could not be offered with the session there is: it was not accepted, which the
// application looks at. kDone, kWouldBlock, kBroken, kFailed, or kEnded for more data than one
// record may carry; the attachment's `want` says why it could not be sent.
Outcome TransmitData(SslAttachment& attachment, std::span<const uint8_t> plaintext, DataKind kind);

// OnWriteTrouble is what a write that did not come to kDone means for the call: kWouldBlock with
// `want`, or kBroken.
Outcome OnWriteTrouble(SslAttachment& attachment, Outcome outcome);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_TRANSMIT_H_
