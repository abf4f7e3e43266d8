#ifndef DTLS13_SHIM_DRIVE_DRIVER_H_
#define DTLS13_SHIM_DRIVE_DRIVER_H_

#include <cstdint>
#include <optional>

#include "dtls13/wire/time.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/clock.h"
#include "shim/drive/association_setup.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// Goal is what a caller of Drive is after.
enum class Goal : uint8_t {
  kHandshake,  // until connected
  kEarlyData,  // server: until early data is there, or none will come, or connected
  kRead,       // until application data or the peer's close_notify is there
  kPeerClose,  // until the peer's close_notify or data is there; see kCloseWait
  kFlush,      // nothing of the peer's: only send what is owed
};

// kCloseWait bounds how long a blocking SSL_shutdown waits for the peer's close_notify, which is
// sent once and may be lost.
inline constexpr Duration kCloseWait = std::chrono::seconds(1);

// Drive is the one place where an association meets its BIOs and the clock, always in one order:
// timeout, receive, transmit, next timeout. It answers events and runs the application's callbacks.
// attachment.association() must be there. From inside a callback it does nothing but say how far
// the goal is: what is owed is sent by the call around it.
//
// kDone when the goal is reached; kWouldBlock with the BIO's retry flags set; kIsLibssls when the
// server has no DTLS 1.3, and the Fallback is to be committed; kBroken; kFailed when the
// association is over.
Outcome Drive(SslAttachment& attachment, Goal goal);

// ExpireTimer is DTLSv1_handle_timeout: 1 when a timer had expired and was served, 0 when none had,
// -1 when the association is over.
int ExpireTimer(SslAttachment& attachment);

// TimeLeft is DTLSv1_get_timeout: nothing when no timer runs, never negative.
std::optional<Duration> TimeLeft(const SslAttachment& attachment);

// DataKind is what a record of WriteRecord is.
enum class DataKind : uint8_t { kApplication, kEarly };

// WriteRecord sends one record of data. The attachment's `want` says why it could not be sent; a
// datagram that the BIO does not take is lost, as it is in libssl. So is early data that could not
// be offered with the session there is: it was not accepted, which the application looks at. kDone,
// kWouldBlock, kBroken or kFailed.
Outcome WriteRecord(SslAttachment& attachment, std::span<const uint8_t> plaintext,
                    DataKind kind = DataKind::kApplication);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_DRIVER_H_
