// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_DRIVER_H_
#define DTLS13_SHIM_DRIVE_DRIVER_H_

#include <cstdint>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// Goal is what a caller of Drive is after.
enum class Goal : uint8_t {
  kHandshake,  // until connected, with the last flight sent
  kEarlyData,  // server: until early data is there, or none will come, or connected
  kRead,       // until application data or the peer's close_notify is there
  kPeerClose,  // until the peer's close_notify or data is there; see kCloseWait
  kFlush,      // nothing of the peer's: only send what is owed
  // Until the peer has sent something or time has passed, and what is owed then is sent.
  kPeerOrTimer,
};

// Drive is the one place where an association meets its BIOs and the clock, always in one order:
// timeout, answers and transmission, next timeout, receive. It runs the application's callbacks.
// attachment.association() must be there. From inside a callback it does nothing but say how far
// the goal is: what is owed is sent by the call around it.
//
// kDone when the goal is reached; kWouldBlock with the BIO's retry flags set; kIsLibssls when the
// server has no DTLS 1.3, and the Fallback is to be committed; kBroken; kFailed when the
// association is over.
//
// Application data that came with kRead lies in the datagram's own buffer: the caller takes what it
// wants, and calls DriveState::unread.Keep unless the SSL is busy. Without any there is no buffer
// left.
Outcome Drive(SslAttachment& attachment, Goal goal);

// ExpireTimer is DTLSv1_handle_timeout: 1 when a timer had expired and was served, 0 when none had,
// -1 when the association is over.
int ExpireTimer(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_DRIVER_H_
