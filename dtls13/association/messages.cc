// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that moves messages and answers between flights and handshake.

#include <string_view>
#include <utility>

#include "dtls13/association/association_impl.h"

namespace dtls13 {

void AssociationImpl::DrainMessages(Instant now) {
  while (!failed()) {
    if (!phases_.AwaitsMessage()) return;
    const std::optional<Message> message = reassembler_.Front();
    if (!message) return;
    events_.TraceMessage(/*outgoing=*/false, message->type, message->message_seq, message->epoch,
                         message->body);
    const Status status = HandleMessage(*message, now);
    const bool was_last_seq = message->message_seq == kMaxMessageSeq;
    reassembler_.Pop();
    RunActions(now);
    if (status.reason() == Reason::kPeerIsOlder) {
      EndQuietly(status, /*from_peer=*/false);
    } else if (!status.ok()) {
      Fail(status);
    } else if (was_last_seq) {
      FailLocally(Reason::kMessageSequenceLimit, AlertDescription::kUnexpectedMessage);
    }
    AnnounceWait();
  }
}

Status AssociationImpl::HandleMessage(const Message& message, Instant now) {
  const bool was_connected = phases_.connected();
  if (!was_connected) {
    peer_spoke_since_flight_ = true;
  } else if (next_message_seq_ == kMaxMessageSeq) {
    phases_.post_handshake()->StopSending();
  }
  const Status status =
      phases_.HandleMessage(message.type, message.body, message.epoch, wall_clock_.At(now));
  if (status.ok() && !was_connected) OnFlightAnswered(now);
  return status;
}

void AssociationImpl::AnnounceWait() {
  if (failed()) return;
  if (const auto question = phases_.TakeQuestion()) events_.Push({.type = *question});
}

void AssociationImpl::OnProvided(Status status, Instant now) {
  ending_.OnCallerAnswered(now);
  RunActions(now);
  if (!status.ok()) Fail(status);
  phases_.OnAnswered();
  AnnounceWait();
  DrainMessages(now);
  HandleHeldDatagrams(now);
  acks_.OnDatagram(/*saw_unreadable=*/false, retransmission_.ack_timer(), now);
}

void AssociationImpl::ProvidePsk(size_t index, Psk psk, Instant now) {
  ServerHandshake* const server = phases_.server_handshake();
  if (failed() || server == nullptr || server->wait() != HandshakeWait::kPsk) return;
  server->SetTime(wall_clock_.At(now));
  OnProvided(server->ProvidePsk(index, std::move(psk)), now);
}

void AssociationImpl::ProvideProtocol(std::string_view protocol, Instant now) {
  const HandshakeWait wait = present_wait();
  const bool is_asking = wait == HandshakeWait::kPsk || wait == HandshakeWait::kCredential;
  if (phases_.server_handshake() == nullptr || !is_asking) return;
  // What is wanted still is, and need not be asked for again.
  const Status status = phases_.server_handshake()->ChooseProtocol(protocol);
  if (!status.ok()) OnProvided(status, now);
}

void AssociationImpl::IgnoreServerName() {
  const HandshakeWait wait = present_wait();
  const bool is_asking = wait == HandshakeWait::kPsk || wait == HandshakeWait::kCredential;
  if (phases_.server_handshake() != nullptr && is_asking) {
    phases_.server_handshake()->IgnoreServerName();
  }
}

void AssociationImpl::ProvideDemand(CertificateDemand demand, Instant now) {
  if (phases_.server_handshake() == nullptr || present_wait() != HandshakeWait::kCredential) return;
  const Status status = phases_.server_handshake()->DemandCertificate(std::move(demand));
  if (!status.ok()) OnProvided(status, now);
}

void AssociationImpl::ProvideExtensions(CustomExtensions extensions) {
  const HandshakeWait wait = present_wait();
  const bool is_asking = wait == HandshakeWait::kPsk || wait == HandshakeWait::kCredential;
  if (phases_.server_handshake() == nullptr || !is_asking) return;
  phases_.server_handshake()->AddExtensions(std::move(extensions));
}

void AssociationImpl::ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) {
  if (present_wait() != HandshakeWait::kCredential) return;
  OnProvided(phases_.ProvideCredential(std::move(credential)), now);
}

void AssociationImpl::ProvideSignature(std::span<const uint8_t> signature, Instant now) {
  if (present_wait() != HandshakeWait::kSignature) return;
  OnProvided(phases_.ProvideSignature(signature), now);
}

void AssociationImpl::ProvideVerification(bool ok, AlertDescription alert, Instant now) {
  if (present_wait() != HandshakeWait::kVerification) return;
  OnProvided(phases_.ProvideVerification(ok, alert), now);
}

// --- What the peer has

void AssociationImpl::OnFlightAnswered(Instant now) {
  if (retransmission_.empty()) return;
  retransmission_.OnAllAcked(now);
  ending_.WaitForAnswer(now);
}

void AssociationImpl::OnMessagesAcked(Instant now) {
  while (const auto acked = retransmission_.TakeAcked(now)) {
    if (acked->message_seq < first_post_handshake_seq_) continue;
    if (const Status status = phases_.post_handshake()->OnAcked(acked->type); !status.ok()) {
      Fail(status);
      return;
    }
    RunActions(now);
  }
  AnnounceWait();
  keys_.ForgetSpentWriteKeys(&records_, retransmission_.oldest_epoch());
  if (!keys_.OnClientAcked(&records_)) return;
  events_.Push({.type = EventType::kHandshakeAcked});
}

// --- Messages of the caller's will

// MaySendMessages: the handshake is over, and the end is not near.
bool AssociationImpl::MaySendMessages() const {
  return ending_.may_send() && phases_.connected() && next_message_seq_ != kMaxMessageSeq;
}

bool AssociationImpl::RequestClientCertificate(Instant now) {
  if (!MaySendMessages()) return false;
  const bool asked = phases_.post_handshake()->RequestClientCertificate();
  RunActions(now);
  return asked;
}

bool AssociationImpl::SendTicket(Instant now) {
  if (!MaySendMessages()) return false;
  const bool is_sent = phases_.post_handshake()->SendTicket(wall_clock_.At(now));
  RunActions(now);
  return is_sent;
}

// --- Keys

KeyLifetime::Update AssociationImpl::DueKeyUpdate() const {
  // Asked before and behind each record, and hardly ever due: what costs more comes later.
  const KeyLifetime::Update due = keys_.DueUpdate(records_);
  if (due == KeyLifetime::Update::kNone || !MaySendMessages() ||
      phases_.post_handshake()->IsOutstanding(HandshakeType::kKeyUpdate)) {
    return KeyLifetime::Update::kNone;
  }
  return due;
}

void AssociationImpl::StartDueKeyUpdate(Instant now) {
  const KeyLifetime::Update due = DueKeyUpdate();
  if (due == KeyLifetime::Update::kNone) return;
  keys_.OnUpdateStarted(due);
  RequestKeyUpdate(/*request_peer=*/due == KeyLifetime::Update::kOursAndPeers, now);
}

void AssociationImpl::RequestKeyUpdate(bool request_peer, Instant now) {
  if (!MaySendMessages()) return;
  // A KeyUpdate that was given up is sent again, now that it is wanted again.
  retransmission_.Revive(now);
  phases_.post_handshake()->RequestKeyUpdate(request_peer);
  RunActions(now);
}

}  // namespace dtls13
