// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/timer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/drive/drive_state.h"
#include "shim/libssl/error_mark.h"

namespace dtls13::shim {
namespace {

// kTimerSlack: what is due this soon is due now. A socket's receive timeout ends a little before or
// after the deadline it was computed from, and libcoap's clock of milliseconds rounds deadlines
// down and the present up; it gives up when five calls come too early. libssl allows 15 ms, which
// here would be more than the shortest ACK delay (a quarter of RetransmitTimer::kFloor): each
// fragment would be acknowledged at once, and each of those ACKs answered with what is still under
// way.
constexpr Duration kTimerSlack = std::chrono::milliseconds(2);

// kWaitSlack: a blocking read that ends this close to its deadline ended because of it. The caller
// of a blocking socket never hears of it; at worst the read is done once more.
constexpr Duration kWaitSlack = std::chrono::milliseconds(15);

std::optional<Instant> Earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

bool ServeTimer(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  const std::optional<Instant> deadline = association.NextTransmission();
  if (!deadline || *deadline > now + kTimerSlack) return false;
  ErrorMark mark;
  const uint32_t num_expiries = association.standing().retransmit_timer.num_expiries;
  association.HandleTimeout(std::max(now, *deadline));
  if (association.standing().retransmit_timer.num_expiries > num_expiries) {
    DriveState::Of(attachment).status.CountRetransmission();
  }
  return true;
}

void FollowTimer(SslAttachment& attachment) {
  Association& association = *attachment.association();
  const std::optional<Duration> value =
      attachment.timer.Ask(attachment.ssl(), association.standing().retransmit_timer);
  if (!value) return;
  association.SetRetransmitTimeout(std::max(*value, kTimerSlack));
  attachment.timer.Note(association.standing().retransmit_timer);
}

std::optional<Instant> TellDeadline(SslAttachment& attachment, std::optional<Instant> give_up) {
  const std::optional<Instant> deadline =
      Earlier(attachment.association()->NextTransmission(), give_up);
  DriveState::Of(attachment).timeout_notice.Tell(attachment.ssl(), deadline);
  return deadline;
}

bool WaitEnded(const SslAttachment& attachment) {
  const std::optional<Instant> deadline = attachment.association()->NextTransmission();
  if (!deadline) return false;
  const Instant now = Now();
  if (!HasPassed(*deadline, now)) return false;
  return *deadline <= now || IsBlocking(attachment.ssl());
}

bool HasPassed(Instant deadline, Instant now) { return now + kWaitSlack >= deadline; }

std::optional<Duration> TimeLeft(const SslAttachment& attachment) {
  const Association* association = attachment.association();
  if (association == nullptr || association->standing().failed) return std::nullopt;
  const std::optional<Instant> deadline = association->NextTransmission();
  if (!deadline) return std::nullopt;
  const Duration left = *deadline - Now();
  return left < kTimerSlack ? Duration::zero() : left;
}

}  // namespace dtls13::shim
