// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/application_data.h"

#include <cerrno>

#include "shim/bio/bio_transport.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/driver.h"
#include "shim/drive/key_update.h"
#include "shim/drive/run_handshake.h"
#include "shim/drive/transmit.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// EnsureUp returns kDone when data may flow.
Outcome EnsureUp(SslAttachment& attachment) {
  if (!attachment.handshake_over()) return RunHandshake(attachment);
  // A failure that no call has told yet is for the driver to report.
  const bool is_over = attachment.failure_report.is_told() && attachment.failed();
  return is_over ? Outcome::kFailed : Outcome::kDone;
}

// WaitForData returns kDone when there is data to read, or the peer has closed.
Outcome WaitForData(SslAttachment& attachment) {
  // Data may come before the client's own last flight has left, and waits for that, as in libssl.
  const bool may_read = attachment.handshake_over() || attachment.failed();
  if (may_read && HasPending(attachment)) return Outcome::kDone;
  const Outcome up = EnsureUp(attachment);
  if (up != Outcome::kDone || HasPending(attachment)) return up;
  const Outcome driven = Drive(attachment, Goal::kRead);
  const bool is_ended = driven == Outcome::kFailed &&
                        attachment.association()->facts().failure.reason() == Reason::kPeerAlert;
  return is_ended ? Outcome::kEnded : driven;
}

// kMaxUnreadLen: while a write waits, what the peer sends is kept for whoever reads next, up to
// what a socket would keep of it.
constexpr size_t kMaxUnreadLen = 65536;

// SendBehindFlight has a caller with a blocking BIO wait where the peer's KeyUpdate is answered
// first, and the answer waits for its turn behind other messages.
Outcome SendBehindFlight(SslAttachment& attachment, std::span<const uint8_t> data) {
  for (;;) {
    const Outcome sent = TransmitData(attachment, data, DataKind::kApplication);
    const bool waits_for_peer =
        sent == Outcome::kWouldBlock && attachment.progress().last_call.want() == Want::kRead;
    if (!waits_for_peer || attachment.busy() || !IsBlocking(attachment.ssl()) ||
        DriveState::Of(attachment).unread.len() > kMaxUnreadLen) {
      return sent;
    }
    const Outcome driven = Drive(attachment, Goal::kPeerOrTimer);
    if (driven != Outcome::kDone) return driven;
  }
}

}  // namespace

Outcome ReadData(SslAttachment& attachment, std::span<uint8_t> out, ReadMode mode,
                 size_t* num_read) {
  SSL* ssl = attachment.ssl();
  DriveState::LastCallOf(attachment).WaitForNothing();
  errno = 0;  // as libssl does: what was left there is not about this call
  const int shutdown = Real().SSL_get_shutdown(ssl);
  if ((shutdown & SSL_RECEIVED_SHUTDOWN) != 0) return Outcome::kEnded;
  const Outcome updated = SendKeyUpdate(attachment);
  if (updated == Outcome::kWouldBlock) return updated;
  const Outcome waited = WaitForData(attachment);
  if (waited != Outcome::kDone) return waited;
  if (!HasPending(attachment)) {
    // Only now, behind all that came before it, is the peer's end to be seen.
    Real().SSL_set_shutdown(ssl, Real().SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
    return Outcome::kEnded;
  }
  ReceivedData& unread = DriveState::Of(attachment).unread;
  *num_read = unread.Take(out, mode == ReadMode::kConsume);
  if (mode == ReadMode::kConsume) DriveState::Of(attachment).expects_data = false;
  // Inside a callback the datagram's buffer is still the outer call's.
  if (!attachment.busy()) unread.Keep();
  return Outcome::kDone;
}

Outcome WriteData(SslAttachment& attachment, std::span<const uint8_t> data) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  errno = 0;
  if ((Real().SSL_get_shutdown(attachment.ssl()) & SSL_SENT_SHUTDOWN) != 0) {
    Raise(SSL_R_PROTOCOL_IS_SHUTDOWN);
    return Outcome::kFailed;
  }
  const Outcome updated = SendKeyUpdate(attachment);
  if (updated == Outcome::kWouldBlock) return updated;
  const Outcome up = EnsureUp(attachment);
  if (up != Outcome::kDone) return up;
  if (data.empty()) return Outcome::kIgnored;
  // Retransmissions and ACKs first: whoever never reads has no other occasion. A BIO that is full
  // for them is so for data too, which must not overtake the answer to a KeyUpdate; other trouble
  // does not keep data back.
  const Outcome flushed = Drive(attachment, Goal::kFlush);
  if (flushed == Outcome::kFailed || flushed == Outcome::kWouldBlock) return flushed;
  const Outcome sent = SendBehindFlight(attachment, data);
  if (sent == Outcome::kDone) DriveState::Of(attachment).expects_data = true;
  return sent;
}

size_t PendingLen(const SslAttachment& attachment) {
  const DriveState* state = DriveState::Find(attachment);
  return state != nullptr ? state->unread.len() : 0;
}

bool HasPending(const SslAttachment& attachment) {
  const DriveState* state = DriveState::Find(attachment);
  return state != nullptr && !state->unread.empty();
}

}  // namespace dtls13::shim
