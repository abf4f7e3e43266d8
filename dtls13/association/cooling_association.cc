// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/cooling_association.h"

#include <algorithm>

namespace dtls13 {

std::unique_ptr<Association> CoolingAssociation::Around(
    std::shared_ptr<const AssociationConfig> config, std::unique_ptr<AssociationImpl> association) {
  if (config->cold_after == Duration::zero()) return association;
  return std::make_unique<CoolingAssociation>(std::move(config), std::move(association));
}

void CoolingAssociation::WarmUp() const {
  warm_ = AssociationImpl::WarmUp(config_, cold_.get());
  cold_.reset();
  // Long ago perhaps; but not twice for who looks again and again.
  look_at_ = active_at_ + config_->cold_after;
}

void CoolingAssociation::GoCold() const {
  cold_ = warm_->GoCold();
  if (cold_ == nullptr) return;
  warm_.reset();
}

void CoolingAssociation::OnTime(Instant now) {
  if (std::exchange(was_used_, false) || !look_at_) OnActive(now);
}

void CoolingAssociation::OnActive(Instant now) {
  active_at_ = now;
  if (!look_at_ || *look_at_ <= now || *look_at_ == kNotByItself) {
    look_at_ = now + config_->cold_after;
  }
}

void CoolingAssociation::HandleDatagram(std::span<uint8_t> datagram, Instant now) {
  const bool was_cold = is_cold();
  AssociationImpl& association = Seen();
  association.HandleDatagram(datagram, now);
  OnHeard(association, was_cold, now);
}

void CoolingAssociation::HandleDatagram(std::span<uint8_t> datagram, const PathId& from,
                                        Instant now) {
  const bool was_cold = is_cold();
  AssociationImpl& association = Seen();
  association.HandleDatagram(datagram, from, now);
  OnHeard(association, was_cold, now);
}

void CoolingAssociation::OnHeard(const AssociationImpl& association, bool was_cold, Instant now) {
  OnTime(now);
  if (association.heard()) {
    OnActive(now);
  } else if (was_cold) {
    GoCold();
  }
}

void CoolingAssociation::HandleTimeout(Instant now) {
  if (is_cold()) {
    if (!cold_->deadline || now < *cold_->deadline) return;
    // Something is forgotten, and that is all there is to do.
    WarmUp();
    warm_->HandleTimeout(now);
    GoCold();
    return;
  }
  OnTime(now);
  warm_->HandleTimeout(now);
  if (now < *look_at_ && *look_at_ != kNotByItself) return;
  const Duration silent = now - active_at_;
  if (silent < config_->cold_after) {
    look_at_ = active_at_ + config_->cold_after;
    return;
  }
  // What keeps it warm, such as a ticket that nobody acknowledges, may do so for ever: each look is
  // as far ahead as the silence is long, and there are few.
  look_at_ = silent < kMaxSilence * config_->cold_after ? now + silent : kNotByItself;
  GoCold();
  if (is_cold()) active_at_ = now;
}

size_t CoolingAssociation::PollTransmit(std::span<uint8_t> out, Instant now, PathId* to) {
  if (is_cold()) return 0;
  OnTime(now);
  return warm_->PollTransmit(out, now, to);
}

std::optional<Instant> CoolingAssociation::NextDeadline(bool is_to_send) const {
  if (is_cold()) return is_to_send ? std::nullopt : cold_->deadline;
  const std::optional<Instant> next = warm_->NextDeadline(is_to_send);
  const bool has_look = look_at_ && *look_at_ != kNotByItself && warm_->may_go_cold();
  if (is_to_send || !has_look) return next;
  return next ? std::min(*next, *look_at_) : *look_at_;
}

AssociationStanding CoolingAssociation::standing() const {
  if (!is_cold()) return warm_->standing();
  const RetransmitTimerMemory& timer = cold_->retransmission.timer;
  return {.connected = true,
          .failed = false,
          .close_sent = cold_->close_sent,
          .peer_closed = cold_->peer_closed,
          .mtu = cold_->mtu,
          .retransmit_timer = {timer.num_starts, timer.num_expiries, timer.value},
          .active_path = cold_->active_path};
}

}  // namespace dtls13
