#ifndef DTLS13_SHIM_DRIVER_H_
#define DTLS13_SHIM_DRIVER_H_

#include <cstdint>
#include <optional>

#include "dtls13/flight/instant.h"
#include "shim/ssl_attachment.h"

namespace dtls13::shim {

// Now is the monotonic clock of every Instant in the shim.
Instant Now();
WallTime WallNow();

// Goal is what a caller of Drive is after.
enum class Goal : uint8_t {
  kHandshake,  // until connected
  kRead,       // until application data or the peer's close_notify is there
  kFlush,      // nothing of the peer's: only send what is owed
};

// Progress is how Drive ended.
enum class Progress : uint8_t {
  kReached,     // the goal
  kWouldBlock,  // attachment.want says for what; the BIO's retry flags are set
  kClosed,      // the BIO is at its end or failed: SSL_ERROR_SYSCALL, the association lives
  kFailed,      // the association is over; the reason is on the error queue
};

// Drive is the one place where an association meets its BIOs and the clock, always in one order: timeout,
// receive, transmit, next timeout. It answers events and runs the application's callbacks.
// attachment.association() must be there.
Progress Drive(SslAttachment& attachment, Goal goal);

// StartAssociation makes the association for an SSL that is ours, if there is none yet. False when
// it cannot; the reason is on the error queue.
bool StartAssociation(SslAttachment& attachment);

// ExpireTimer is DTLSv1_handle_timeout: 1 when something was sent again, 0 when no timer had
// expired, -1 on error.
int ExpireTimer(SslAttachment& attachment);

// TimeLeft is DTLSv1_get_timeout: nothing when no timer runs, never negative.
std::optional<Duration> TimeLeft(const SslAttachment& attachment);

// ApplyMtu finds the MTU out (what the application set, else the BIO, else the default) and tells
// the association. Called before each transmission and by the MTU controls.
void ApplyMtu(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVER_H_
