// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that does what the machines of the handshake ask for: one operation
// for each HandshakeAction.

#include <utility>
#include <variant>

#include "dtls13/association/association_impl.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13 {

// Actions is what each action does to the parts of the association.
class AssociationImpl::Actions {
 public:
  Actions(AssociationImpl& impl, Instant now) : impl_(impl), now_(now) {}

  void operator()(SendMessage action);
  void operator()(SendStateless action);
  void operator()(InstallReadKeys action);
  void operator()(InstallWriteKeys action);
  void operator()(ExpectConnectionId action);
  void operator()(RetireConnectionId action);
  void operator()(SendWithConnectionId action);
  void operator()(PeerIsDtls13);
  void operator()(AddressProved);
  void operator()(KeyLogLine action);
  void operator()(AllowEarlyData action);
  void operator()(EarlyDataAnswered action);
  void operator()(TicketReceived action);
  void operator()(TicketIssued action);
  void operator()(Completed action);
  void operator()(ClientAuthenticated action);

 private:
  AssociationImpl& impl_;
  const Instant now_;
};

void AssociationImpl::RunActions(Instant now) {
  Actions actions(*this, now);
  const auto run = [&](auto& source) {
    while (std::optional<HandshakeAction> action = source.NextAction()) {
      std::visit(actions, std::move(*action));
    }
  };
  if (phases_.handshake() != nullptr) run(*phases_.handshake());
  if (phases_.post_handshake() != nullptr) run(*phases_.post_handshake());
}

void AssociationImpl::Actions::operator()(SendMessage action) {
  if (!impl_.phases_.connected() && impl_.peer_spoke_since_flight_) {
    impl_.retransmission_.BeginFlight();
    if (action.type == HandshakeType::kClientHello) impl_.retransmission_.ExpectWork();
    impl_.acks_.OnFlightStarted();
    impl_.peer_spoke_since_flight_ = false;
    impl_.ending_.StopWaiting();
  }
  if (impl_.next_message_seq_ == kMaxMessageSeq) {
    impl_.FailLocally(Reason::kMessageSequenceLimit, AlertDescription::kInternalError);
    return;
  }
  impl_.events_.TraceMessage(/*outgoing=*/true, action.type, impl_.next_message_seq_, action.epoch,
                             action.body);
  impl_.retransmission_.Add(action.epoch, action.type, impl_.next_message_seq_,
                            std::move(action.body), now_);
  ++impl_.next_message_seq_;
}

void AssociationImpl::Actions::operator()(SendStateless action) {
  impl_.events_.TraceMessage(/*outgoing=*/true, action.type, impl_.next_message_seq_,
                             kPlaintextEpoch, action.body);
  impl_.buffers_.Owe(WholeMessage(action.type, impl_.next_message_seq_, action.body));
  impl_.acks_.OnFlightStarted();
}

void AssociationImpl::Actions::operator()(InstallReadKeys action) {
  if (impl_.phases_.connected() && !impl_.keys_.OnPeerUpdate(now_)) {
    impl_.FailLocally(Reason::kTooManyKeyUpdates, AlertDescription::kUnexpectedMessage);
    return;
  }
  if (!impl_.records_.InstallReadKeys(action.epoch, *action.suite, action.traffic_secret)) {
    impl_.FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  impl_.keys_.OnReadKeysInstalled(action.epoch);
  // Nobody vouched for what came in plaintext and was not taken before there were keys.
  impl_.reassembler_.Forget(kPlaintextEpoch);
}

void AssociationImpl::Actions::operator()(InstallWriteKeys action) {
  if (!impl_.records_.InstallWriteKeys(action.epoch, *action.suite, action.traffic_secret)) {
    impl_.FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  if (action.epoch >= kFirstApplicationEpoch)
    impl_.keys_.OnWriteKeysInstalled(KeyLifetime::Jitter(impl_.config_->handshake.random.get()));
  if (impl_.phases_.connected())
    impl_.keys_.ForgetSpentWriteKeys(&impl_.records_, impl_.retransmission_.oldest_epoch());
}

void AssociationImpl::Actions::operator()(ExpectConnectionId action) {
  impl_.mobility_.KeepId(action.id);
  if (!impl_.records_.AddReceiveConnectionId(action.id)) {
    impl_.FailLocally(Reason::kInternal, AlertDescription::kInternalError);
    return;
  }
  impl_.events_.PushOwned({.type = EventType::kConnectionIdAdded}, std::move(action.id));
}

void AssociationImpl::Actions::operator()(RetireConnectionId action) {
  impl_.mobility_.Retire(std::move(action.id), now_);
  impl_.ForgetRetiredConnectionIds(now_);
}

void AssociationImpl::Actions::operator()(SendWithConnectionId action) {
  impl_.records_.SetSendConnectionId(action.id);
  impl_.mobility_.OnPeerReplacedIds();
}

void AssociationImpl::Actions::operator()(PeerIsDtls13) {
  impl_.peer_is_dtls13_ = true;
  impl_.acks_.Allow();
}

void AssociationImpl::Actions::operator()(AddressProved) { impl_.mobility_.bound().Lift(); }

void AssociationImpl::Actions::operator()(KeyLogLine action) {
  impl_.events_.PushKeyLog(action.label, action.client_random, action.secret);
}

void AssociationImpl::Actions::operator()(AllowEarlyData action) {
  const bool is_ready =
      impl_.role_ == Role::kClient
          ? impl_.records_.InstallWriteKeys(kEarlyDataEpoch, *action.suite, action.traffic_secret)
          : impl_.records_.InstallReadKeys(kEarlyDataEpoch, *action.suite, action.traffic_secret);
  if (!is_ready) {
    impl_.FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  impl_.early_data_left_ = action.max_len;
}

void AssociationImpl::Actions::operator()(EarlyDataAnswered action) {
  //= rfc8446#section-4.2.10
  //# A TLS implementation MUST NOT automatically resend early data unless
  //# the negotiated connection selects the same ALPN protocol.
  //= rfc8446#appendix-E.5
  //# MUST NOT automatically resend 0-RTT data if it is rejected by the
  //# server unless instructed by the application.
  //= rfc8446#section-4.2.10
  //# A TLS implementation SHOULD NOT automatically resend early data;
  //# applications are in a better position to decide when retransmission is
  //# appropriate.
  if (!action.keys_still_needed) impl_.records_.ForgetWriteEpoch(kEarlyDataEpoch);
  impl_.events_.Push(
      {.type = action.accepted ? EventType::kEarlyDataAccepted : EventType::kEarlyDataRejected});
}

void AssociationImpl::Actions::operator()(TicketReceived action) {
  Session& session = *action.session;
  session.issued_at = impl_.wall_clock_.At(now_);
  session.authenticated_at = impl_.phases_.result().authenticated_at.value_or(session.issued_at);
  // Sessions that renew one another must not keep a peer from ever being authenticated again.
  if (!LimitLifetime(session.issued_at, &session)) return;
  impl_.events_.PushTicket(std::move(action.session));
}

void AssociationImpl::Actions::operator()(TicketIssued action) {
  impl_.events_.PushTicket(std::move(action.session));
}

void AssociationImpl::Actions::operator()(Completed) {
  impl_.phases_.Complete(HandshakeConfigOf(impl_.config_), impl_.role_ == Role::kClient);
  impl_.acks_.OnConnected();
  //= rfc8446#section-5
  //# Implementations MUST NOT send record types not defined in this
  //# document unless negotiated by some extension.
  if (impl_.phases_.result().connection_ids.return_routability_check) impl_.mobility_.EnableCheck();
  if (impl_.ending_.close_sent()) impl_.phases_.post_handshake()->StopSending();
  impl_.first_post_handshake_seq_ = impl_.next_message_seq_;
  impl_.phases_.BeginTickets(impl_.config_->handshake, impl_.role_ == Role::kClient,
                             impl_.wall_clock_.At(now_));
  impl_.ending_.StopWaiting();
  // From here on epoch 0 brings nothing that belongs to this association, and the handshake's epoch
  // nothing but repetitions.
  impl_.records_.ForgetReadEpoch(kPlaintextEpoch);
  impl_.reassembler_.Forget(kHandshakeEpoch);
  if (impl_.role_ == Role::kServer) {
    impl_.keys_.OnServerCompleted(now_);
    impl_.keys_.ForgetSpentWriteKeys(&impl_.records_, impl_.retransmission_.oldest_epoch());
  }
  //= rfc8446#appendix-E.5
  //# In order to allow applications to implement this kind of processing,
  //# TLS implementations MUST provide a way for the application to
  //# determine if the handshake has completed.
  impl_.events_.Push({.type = EventType::kConnected});
}

void AssociationImpl::Actions::operator()(ClientAuthenticated action) {
  if (!action.declined) impl_.phases_.OnPeerAuthenticated(action.signature_scheme);
  impl_.events_.Push(
      {.type = action.declined ? EventType::kClientDeclined : EventType::kClientAuthenticated,
       .identity = std::move(action.identity)});
}

}  // namespace dtls13
