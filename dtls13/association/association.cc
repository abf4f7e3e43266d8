// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association.h"

#include <algorithm>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/association/cooling_association.h"
#include "dtls13/crypto/key_schedule.h"

namespace dtls13 {

// --- Beginning

AssociationImpl::AssociationImpl(std::shared_ptr<const AssociationConfig> config, Role role)
    : config_(std::move(config)),
      role_(role),
      mtu_(std::max(config_->mtu, kMinMtu)),
      keys_(config_->old_keys_lifetime),
      mobility_(config_->path_validation, config_->old_keys_lifetime),
      records_(config_->handshake.algorithms, config_->handshake.wire_profile),
      reassembler_(config_->handshake.max_message_len),
      retransmission_(config_->retransmit),
      acks_(role_ == Role::kClient),
      events_(config_->trace) {
  if (config_->exportable) records_.KeepSecrets();
  if (config_->cold_after > Duration::zero()) records_.KeepKeys();
  records_.LimitKeys(std::max(config_->max_records_per_key, kMinRecordsPerKey),
                     std::max(config_->max_failures_per_key, kMinFailuresPerKey));
}

void AssociationImpl::BeginClient(ClientParameters parameters) {
  wall_clock_.Set(parameters.now);
  phases_.BeginClient(NewClientHandshake(HandshakeConfigOf(config_), std::move(parameters)));
  if (phases_.handshake() == nullptr) {
    EndQuietly(Status::Fatal(Reason::kInternal, AlertDescription::kInternalError),
               /*from_peer=*/false);
  }
}

void AssociationImpl::BeginServer(ServerParameters parameters) {
  mobility_.bound().Impose();
  wall_clock_.Set(parameters.now);
  phases_.BeginServer(NewServerHandshake(HandshakeConfigOf(config_), std::move(parameters)));
}

std::unique_ptr<Association> Association::NewClient(std::shared_ptr<const AssociationConfig> config,
                                                    ClientParameters parameters) {
  auto association = std::make_unique<AssociationImpl>(config, Role::kClient);
  association->BeginClient(std::move(parameters));
  return CoolingAssociation::Around(std::move(config), std::move(association));
}

std::unique_ptr<Association> Association::NewServer(std::shared_ptr<const AssociationConfig> config,
                                                    ServerParameters parameters) {
  auto association = std::make_unique<AssociationImpl>(config, Role::kServer);
  association->BeginServer(std::move(parameters));
  return CoolingAssociation::Around(std::move(config), std::move(association));
}

// --- Time

//= rfc9147#section-5.10
//# Note that alerts are not reliably transmitted; implementations SHOULD
//# NOT depend on receiving alerts in order to signal errors or connection
//# closure.
void AssociationImpl::HandleTimeout(Instant now) {
  latest_now_ = now;
  events_.Rest();
  if (failed()) return;
  ForgetOld(now);
  acks_.HandleTimeout(now);
  ForgetRetiredConnectionIds(now);
  HandlePathNews(mobility_.HandleTimeout(now), now);
  const bool gave_up = WaitsForPeer() && ending_.IsPeerGone(now);
  const Retransmission::Timeout timeout = retransmission_.HandleTimeout(now);
  if (timeout == Retransmission::Timeout::kOwed) mobility_.bound().OnTimeout();
  const bool exhausted = timeout == Retransmission::Timeout::kExhausted;
  // After the handshake nothing of ours is worth the association: it is given up quietly, and
  // still sent again if the peer shows that it misses it.
  if (gave_up || (exhausted && !phases_.connected())) {
    EndQuietly(Status::Fatal(Reason::kHandshakeTimeout, AlertDescription::kInternalError), false);
  }
}

std::optional<Instant> AssociationImpl::NextDeadline(bool is_to_send) const {
  if (failed()) return std::nullopt;
  if (DueKeyUpdate() != KeyLifetime::Update::kNone) return latest_now_;
  std::optional<Instant> next = retransmission_.deadline();
  const auto consider = [&next](std::optional<Instant> deadline) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  };
  consider(acks_.deadline());
  if (WaitsForPeer()) consider(ending_.give_up_at());
  consider(mobility_.deadline());
  if (is_to_send) return next;
  consider(keys_.forget_at());
  if (phases_.connected()) consider(reassembler_.forget_at());
  consider(mobility_.forget_at());
  return next;
}

std::optional<Event> AssociationImpl::PollEvent() {
  std::optional<Event> event = events_.Pop();
  if (event) return event;
  buffers_.OnEventsPolled();
  // Accessors of the handshake's data stay valid until the events that speak of them are polled.
  if (phases_.connected() || failed()) phases_.ForgetHandshake();
  if (failed()) ForgetSecrets();
  return event;
}

// --- Ends

void AssociationImpl::Close() {
  if (ending_.Close() && phases_.post_handshake() != nullptr)
    phases_.post_handshake()->StopSending();
}

void AssociationImpl::Cancel() {
  if (phases_.connected()) {
    Close();
  } else if (ending_.Cancel()) {
    OnEnded(/*from_peer=*/false);
  }
}

void AssociationImpl::Abort(AlertDescription alert) { FailLocally(Reason::kInternal, alert); }

void AssociationImpl::Fail(Status status) {
  if (ending_.Fail(status)) OnEnded(/*from_peer=*/false);
}

void AssociationImpl::EndQuietly(Status status, bool from_peer) {
  if (ending_.EndQuietly(status)) OnEnded(from_peer);
}

void AssociationImpl::OnEnded(bool from_peer) {
  retransmission_.Stop();
  acks_.CancelPending();
  buffers_.Clear();
  events_.Push({.type = EventType::kFailed, .status = ending_.failure(), .from_peer = from_peer});
}

//= rfc8446#section-6
//# Servers and clients MUST forget the
//# secret values and keys established in failed connections, with the
//# exception of the PSKs associated with session tickets, which SHOULD
//# be discarded if possible.
void AssociationImpl::ForgetSecrets() {
  records_.ForgetAllReadKeys();
  // The keys that protect our alert go with its last repetition.
  if (!ending_.may_alert()) records_.ForgetAllWriteKeys();
  phases_.ForgetSecrets();
}

// --- What is known

AssociationFacts AssociationImpl::facts() const {
  const HandshakePhases::Shown shown = phases_.shown();
  return {.role = role_,
          .connected = phases_.connected(),
          .failed = ending_.failed(),
          .failure = ending_.failure(),
          .close_sent = ending_.close_sent(),
          .closed = ending_.closed(),
          .peer_closed = ending_.peer_closed(),
          .has_unacked = retransmission_.WaitsForPeer(),
          .mtu = mtu_,
          .retransmit_timer = retransmission_.timer(),
          .active_path = mobility_.active(),
          .path_stats = mobility_.stats(),
          .client_hello = shown.client_hello,
          .signature_request = shown.signature_request,
          .certificate_request = shown.certificate_request,
          .peer_identity = shown.peer_identity,
          .result = phases_.result(),
          .records = RecordFacts(records_)};
}

AssociationStanding AssociationImpl::standing() const {
  return {.connected = phases_.connected(),
          .failed = ending_.failed(),
          .close_sent = ending_.close_sent(),
          .peer_closed = ending_.peer_closed(),
          .mtu = mtu_,
          .retransmit_timer = retransmission_.timer(),
          .num_unopened = records_.num_dropped(DropReason::kAuthentication),
          .active_path = mobility_.active()};
}

bool AssociationImpl::ExportEarlyKeyingMaterial(std::string_view label,
                                                std::span<const uint8_t> context,
                                                std::span<uint8_t> out) const {
  const Secret& secret = phases_.early_exporter_secret();
  if (failed() || secret.empty()) return false;
  //= rfc8446#section-7.5
  //# A separate interface for the early exporter is RECOMMENDED;
  return dtls13::ExportKeyingMaterial(
      *config_->handshake.algorithms, phases_.result().early_suite->hash,
      config_->handshake.wire_profile.label_prefix, secret, label, context, out);
}

bool AssociationImpl::ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                           std::span<uint8_t> out) const {
  //= rfc8446#section-7.5
  //# Implementations MUST use the exporter_master_secret unless explicitly
  //# specified by the application.
  if (!phases_.connected() || failed()) return false;
  return dtls13::ExportKeyingMaterial(*config_->handshake.algorithms, phases_.result().suite->hash,
                                      config_->handshake.wire_profile.label_prefix,
                                      phases_.exporter_secret(), label, context, out);
}

}  // namespace dtls13
