// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/driver.h"

#include <cerrno>
#include <chrono>
#include <optional>

#include "dtls13/wire/time.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/drive/answer_events.h"
#include "shim/drive/drive_state.h"
#include "shim/drive/receive.h"
#include "shim/drive/timer.h"
#include "shim/drive/transmit.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// kCloseWait bounds how long a blocking SSL_shutdown waits for the peer's close_notify, which is
// sent once and may be lost.
constexpr Duration kCloseWait = std::chrono::seconds(1);

Outcome ReportFailure(SslAttachment& attachment) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  SSL* ssl = attachment.ssl();
  DriveState::Of(attachment).timeout_notice.Tell(ssl, /*deadline=*/std::nullopt);
  const Status failure = attachment.association()->facts().failure;
  if (!attachment.failure_report.TryClaim()) return Outcome::kFailed;
  // A close_notify during the handshake is an end, and no error.
  if (!attachment.ended_by_close()) RaiseStatus(failure);
  if (failure.reason() == Reason::kPeerAlert) {
    Real().SSL_set_shutdown(ssl, Real().SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
  }
  return Outcome::kFailed;
}

// HasRefusedEarlyData: the server has answered the client, and takes none from it.
bool HasRefusedEarlyData(const Association& association) {
  const HandshakeResult& result = association.facts().result;
  return result.suite != nullptr && result.early_data != EarlyDataOutcome::kAccepted;
}

bool IsReached(SslAttachment& attachment, Goal goal) {
  const Association& association = *attachment.association();
  const DriveState& state = DriveState::Of(attachment);
  switch (goal) {
    case Goal::kHandshake:
      return attachment.handshake_over();
    case Goal::kEarlyData:
      return !state.unread_early.empty() || association.standing().connected ||
             HasRefusedEarlyData(association);
    case Goal::kRead:
    case Goal::kPeerClose:
      // Data ends the wait for a close too: nobody reads it meanwhile, and more would pile up.
      return !state.unread.empty() || association.standing().peer_closed;
    case Goal::kFlush:
      return true;
    case Goal::kPeerOrTimer:
      return false;  // the turns know
  }
  return true;
}

// MustSend: once connected nothing that is owed is worth keeping the application from its data for.
bool MustSend(Goal goal) {
  return goal == Goal::kHandshake || goal == Goal::kEarlyData || goal == Goal::kFlush ||
         goal == Goal::kPeerOrTimer;
}

// ReturnsWithoutData: without SSL_MODE_AUTO_RETRY a read returns after each datagram that carried
// no data: an application that waits with select, on a blocking socket, must not be kept inside
// SSL_read. So it is where the application has bounded a read's wait, and has written nothing since
// it read last. It may have read because the socket was readable, with a lock that whoever writes
// wants (radsecproxy), and DTLS 1.2 has no ticket, ACK or KeyUpdate that would make it wait for
// what comes behind. One that has written reads for the answer, as a server reads for the first
// request, and takes SSL_ERROR_WANT_READ for the end of its patience, though only tickets have
// come.
bool ReturnsWithoutData(const SslAttachment& attachment) {
  if (!attachment.handshake_over()) return false;
  SSL* ssl = attachment.ssl();
  if ((Real().SSL_ctrl(ssl, SSL_CTRL_MODE, 0, nullptr) & SSL_MODE_AUTO_RETRY) == 0) return true;
  const DriveState* state = DriveState::Find(attachment);
  return (state == nullptr || !state->expects_data) && HasReceiveTimeout(ssl);
}

// IsQuiet: between one record and the next there is nothing to serve, to answer, to send or to tell
// the BIO of, as nearly always once a connection is up. The clock need not be read to know it.
bool IsQuiet(const SslAttachment& attachment) {
  const DriveState& state = *DriveState::Find(attachment);
  return attachment.handshake_over() && !state.HoldsUnsent() && !state.timeout_notice.is_told() &&
         !attachment.callbacks.is_postponed() && attachment.association()->IsIdle();
}

// Turns is one call of Drive: each turn serves the timer, sends, and reads one datagram.
class Turns {
 public:
  Turns(SslAttachment& attachment, Goal goal) : attachment_(attachment), goal_(goal) {
    if (goal == Goal::kPeerClose && IsBlocking(attachment.ssl())) give_up_ = Now() + kCloseWait;
  }

  Outcome Run() {
    for (;;) {
      if (const std::optional<Outcome> outcome = Send()) return *outcome;
      if (const std::optional<Outcome> outcome = Read()) return *outcome;
    }
  }

 private:
  // Send is the half of a turn before the read; nothing when the turn goes on.
  std::optional<Outcome> Send() {
    is_quiet_ = IsQuiet(attachment_);
    if (is_quiet_) return IsOver() ? std::optional(Outcome::kDone) : std::nullopt;
    const Instant now = Now();
    ServeTimer(attachment_, now);
    if (IsLibssls(attachment_)) return Outcome::kIsLibssls;
    const Outcome sent = Transmit(attachment_, now);
    // Data that came before the end is read before it.
    const bool has_data = goal_ == Goal::kRead && !DriveState::Of(attachment_).unread.empty();
    if (!has_data && attachment_.failed()) return ReportFailure(attachment_);
    if (sent != Outcome::kDone && MustSend(goal_)) return OnWriteTrouble(attachment_, sent);
    if (IsOver()) {
      TellDeadline(attachment_);
      return Outcome::kDone;
    }
    if (attachment_.callbacks.is_postponed()) {
      TellDeadline(attachment_);
      DriveState::LastCallOf(attachment_).WaitForCallback(attachment_.callbacks);
      return Outcome::kWouldBlock;
    }
    return std::nullopt;
  }

  std::optional<Outcome> Read() {
    std::optional<Instant> deadline = give_up_;
    if (!is_quiet_ || give_up_) deadline = TellDeadline(attachment_, give_up_);
    if (goal_ == Goal::kRead && has_received_ && ReturnsWithoutData(attachment_)) {
      SetRetryRead(attachment_.ssl());
      return OnReadTrouble(attachment_, Outcome::kWouldBlock);
    }
    const Outcome received = Receive(attachment_, deadline);
    has_received_ = received == Outcome::kDone;
    // Before anything else: whoever keeps sending must not keep the caller here.
    if (give_up_ && HasPassed(*give_up_, Now()) && !IsReached(attachment_, goal_)) {
      errno = ETIMEDOUT;
      return Outcome::kBroken;
    }
    has_waited_ = has_received_ || (received == Outcome::kWouldBlock && WaitEnded(attachment_));
    if (has_waited_) return std::nullopt;
    return OnReadTrouble(attachment_, received);
  }

  bool IsOver() const {
    return IsReached(attachment_, goal_) || (goal_ == Goal::kPeerOrTimer && has_waited_);
  }

  SslAttachment& attachment_;
  const Goal goal_;
  std::optional<Instant> give_up_;
  bool is_quiet_ = false;  // in this turn, so far
  bool has_received_ = false;
  bool has_waited_ = false;  // for a datagram or the timer, and one of them came
};

}  // namespace

Outcome Drive(SslAttachment& attachment, Goal goal) {
  DriveState::LastCallOf(attachment).WaitForNothing();
  if (attachment.busy()) {
    if (IsReached(attachment, goal)) return Outcome::kDone;
    errno = EAGAIN;
    return OnReadTrouble(attachment, Outcome::kWouldBlock);
  }
  SslAttachment::Busy busy(attachment);
  Turns turns(attachment, goal);
  DriveState& state = DriveState::Of(attachment);
  // It leaves with the first turn, or waits behind what the BIO does not take.
  const bool sends_key_update = state.owes_key_update();
  state.key_update_type = SSL_KEY_UPDATE_NONE;
  AskAgain(attachment);
  const Outcome outcome = turns.Run();
  state.key_update_unsent = sends_key_update && !state.unsent_datagram.empty();
  state.status.Update(*attachment.association());
  ReceivedData& unread = state.unread;
  if (goal != Goal::kRead || unread.empty()) unread.Keep();
  return outcome;
}

int ExpireTimer(SslAttachment& attachment) {
  const Association* association = attachment.association();
  if (association == nullptr || attachment.failed() || attachment.busy()) return 0;
  SslAttachment::Busy busy(attachment);
  const Instant now = Now();
  if (!ServeTimer(attachment, now)) return 0;
  Transmit(attachment, now);
  DriveState::Of(attachment).status.Update(*association);
  if (attachment.failed()) {
    ReportFailure(attachment);
    return -1;
  }
  TellDeadline(attachment);
  return 1;
}

}  // namespace dtls13::shim
