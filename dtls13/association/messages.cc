// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that moves messages between the flights and the handshake.

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "dtls13/association/association_impl.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13 {
namespace {

// kMaxQueuedEvents: beyond so many, tickets are not kept for the caller. A session weighs some tens
// of KB with the peer's chain, and a datagram has room for thousands of tickets.
constexpr size_t kMaxQueuedEvents = 16;

}  // namespace

void AssociationImpl::DrainMessages(Instant now) {
  while (!failed()) {
    if (!phases_.AwaitsMessage()) return;
    const std::optional<Message> message = reassembler_.Front();
    if (!message) return;
    TraceMessage(/*outgoing=*/false, message->type, message->message_seq, message->epoch,
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

// --- Actions

void AssociationImpl::RunActions(Instant now) {
  const auto run = [&](auto& source) {
    while (std::optional<HandshakeAction> action = source.NextAction()) {
      std::visit([&](auto&& value) { Apply(std::forward<decltype(value)>(value), now); },
                 std::move(*action));
    }
  };
  if (phases_.handshake() != nullptr) run(*phases_.handshake());
  if (phases_.post_handshake() != nullptr) run(*phases_.post_handshake());
}

void AssociationImpl::Apply(SendMessage action, Instant now) {
  if (!phases_.connected() && peer_spoke_since_flight_) {
    retransmission_.BeginFlight();
    if (action.type == HandshakeType::kClientHello) retransmission_.ExpectWork();
    acks_.OnFlightStarted();
    peer_spoke_since_flight_ = false;
    ending_.StopWaiting();
  }
  if (next_message_seq_ == kMaxMessageSeq) {
    FailLocally(Reason::kMessageSequenceLimit, AlertDescription::kInternalError);
    return;
  }
  TraceMessage(/*outgoing=*/true, action.type, next_message_seq_, action.epoch, action.body);
  retransmission_.Add(action.epoch, action.type, next_message_seq_, std::move(action.body), now);
  ++next_message_seq_;
}

void AssociationImpl::Apply(SendStateless action, Instant) {
  TraceMessage(/*outgoing=*/true, action.type, next_message_seq_, kPlaintextEpoch, action.body);
  buffers_.Owe(WholeMessage(action.type, next_message_seq_, action.body));
  acks_.OnFlightStarted();
}

void AssociationImpl::Apply(InstallReadKeys action, Instant now) {
  if (phases_.connected() && !keys_.OnPeerUpdate(now)) {
    FailLocally(Reason::kTooManyKeyUpdates, AlertDescription::kUnexpectedMessage);
    return;
  }
  if (!records_.InstallReadKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  keys_.OnReadKeysInstalled(action.epoch);
  // Nobody vouched for what came in plaintext and was not taken before there were keys.
  reassembler_.Forget(kPlaintextEpoch);
}

void AssociationImpl::Apply(InstallWriteKeys action, Instant) {
  if (!records_.InstallWriteKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  if (action.epoch >= kFirstApplicationEpoch) keys_.OnWriteKeysInstalled(RandomJitter());
  if (phases_.connected()) ForgetSpentWriteKeys();
}

void AssociationImpl::Apply(AllowEarlyData action, Instant) {
  const bool is_ready =
      role_ == Role::kClient
          ? records_.InstallWriteKeys(kEarlyDataEpoch, *action.suite, action.traffic_secret)
          : records_.InstallReadKeys(kEarlyDataEpoch, *action.suite, action.traffic_secret);
  if (!is_ready) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  early_data_left_ = action.max_len;
}

void AssociationImpl::Apply(EarlyDataAnswered action, Instant) {
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
  records_.ForgetWriteEpoch(kEarlyDataEpoch);
  events_.Push(
      {.type = action.accepted ? EventType::kEarlyDataAccepted : EventType::kEarlyDataRejected});
}

void AssociationImpl::Apply(PeerIsDtls13, Instant) { peer_is_dtls13_ = true; }

void AssociationImpl::Apply(AddressProved, Instant) { sending_bound_.Lift(); }

void AssociationImpl::Apply(KeyLogLine action, Instant) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::vector<uint8_t> line;
  const auto append_hex = [&line](std::span<const uint8_t> bytes) {
    for (uint8_t byte : bytes) {
      line.push_back(kHex[byte >> 4]);
      line.push_back(kHex[byte & 15]);
    }
  };
  const std::string_view label(action.label);
  line.reserve(label.size() + 2 * (action.client_random.size() + action.secret.size()) + 2);
  line.insert(line.end(), label.begin(), label.end());
  line.push_back(' ');
  append_hex(action.client_random);
  line.push_back(' ');
  append_hex(action.secret.bytes());
  events_.PushOwned({.type = EventType::kKeyLog}, std::move(line));
}

void AssociationImpl::Apply(Completed, Instant now) {
  phases_.Complete(HandshakeConfigOf(config_), role_ == Role::kClient);
  //= rfc8446#section-5
  //# Implementations MUST NOT send record types not defined in this
  //# document unless negotiated by some extension.
  if (phases_.result().connection_ids.return_routability_check) mobility_.EnableCheck();
  if (ending_.close_sent()) phases_.post_handshake()->StopSending();
  first_post_handshake_seq_ = next_message_seq_;
  BeginTickets(now);
  ending_.StopWaiting();
  // From here on epoch 0 brings nothing that belongs to this association, and the handshake's epoch
  // nothing but repetitions.
  records_.ForgetReadEpoch(kPlaintextEpoch);
  reassembler_.Forget(kHandshakeEpoch);
  if (role_ == Role::kServer) {
    keys_.OnServerCompleted(now);
    ForgetSpentWriteKeys();
  }
  //= rfc8446#appendix-E.5
  //# In order to allow applications to implement this kind of processing,
  //# TLS implementations MUST provide a way for the application to
  //# determine if the handshake has completed.
  events_.Push({.type = EventType::kConnected});
}

void AssociationImpl::Apply(ClientAuthenticated action, Instant) {
  if (!action.declined) phases_.OnPeerAuthenticated(action.signature_scheme);
  events_.Push(
      {.type = action.declined ? EventType::kClientDeclined : EventType::kClientAuthenticated,
       .identity = std::move(action.identity)});
}

void AssociationImpl::BeginTickets(Instant now) {
  const HandshakeConfig& config = config_->handshake;
  const bool is_client = role_ == Role::kClient;
  if (is_client ? config.psk_modes.empty()
                : config.server.ticket_keys == nullptr || phases_.withholds_tickets() ||
                      !phases_.result().takes_tickets) {
    return;
  }
  phases_.AllowTickets();
  if (is_client) return;
  //= rfc8446#section-4.6.1
  //# At any time after the server has received the client Finished message,
  //# it MAY send a NewSessionTicket message.
  //= rfc8446#section-4.6.1
  //# Servers MAY send multiple tickets on a single connection, either
  //# immediately after each other or after specific events
  //= rfc8446#appendix-C.4
  //# Servers SHOULD issue new tickets with every connection.
  const size_t num_tickets =
      std::min<size_t>(config.server.num_tickets, phases_.result().resumed ? 1 : SIZE_MAX);
  for (size_t i = 0; i < num_tickets && phases_.post_handshake()->SendTicket(wall_clock_.At(now));
       ++i) {
  }
}

void AssociationImpl::Apply(TicketReceived action, Instant now) {
  // A flood of tickets need not be kept until the caller polls: any one will do.
  if (events_.size() >= kMaxQueuedEvents) return;
  Session& session = *action.session;
  session.issued_at = wall_clock_.At(now);
  session.authenticated_at = phases_.result().authenticated_at.value_or(session.issued_at);
  // Sessions that renew one another must not keep a peer from ever being authenticated again.
  if (!LimitLifetime(session.issued_at, &session)) return;
  events_.Push({.type = EventType::kTicket, .session = std::move(action.session)});
}

void AssociationImpl::Apply(TicketIssued action, Instant) {
  if (events_.size() >= kMaxQueuedEvents) return;
  events_.Push({.type = EventType::kTicket, .session = std::move(action.session)});
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
  ScheduleAcks(now, /*saw_unreadable=*/false);
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
  ForgetSpentWriteKeys();
  if (!keys_.OnClientAcked()) return;
  records_.ForgetReadEpoch(kHandshakeEpoch);
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

void AssociationImpl::ForgetSpentWriteKeys() {
  std::optional<Epoch> oldest_unacked;
  if (!retransmission_.empty()) oldest_unacked = retransmission_.oldest_epoch();
  while (const auto spent = keys_.TakeSpentWriteEpoch(records_.write_epoch(), oldest_unacked)) {
    records_.ForgetWriteEpoch(*spent);
  }
}

uint8_t AssociationImpl::RandomJitter() const {
  uint8_t jitter = 0;
  return config_->handshake.random->Fill({&jitter, 1}) ? jitter : 0;
}

KeyLifetime::Update AssociationImpl::DueKeyUpdate() const {
  if (!MaySendMessages() || phases_.post_handshake()->IsOutstanding(HandshakeType::kKeyUpdate)) {
    return KeyLifetime::Update::kNone;
  }
  return keys_.DueUpdate(records_);
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
