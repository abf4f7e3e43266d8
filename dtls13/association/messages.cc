// The part of AssociationImpl that moves messages between the flights and the handshake.

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "dtls13/association/association_impl.h"

namespace dtls13 {
namespace {

// kMaxQueuedEvents: beyond so many, tickets are not kept for the caller. A session weighs some tens
// of KB with the peer's chain, and a datagram has room for thousands of tickets.
constexpr size_t kMaxQueuedEvents = 16;

}  // namespace

void AssociationImpl::DrainMessages(Instant now) {
  while (!failed()) {
    if (!connected_ && handshake_->wait() != HandshakeWait::kMessage) return;
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
  if (connected_) {
    if (next_message_seq_ == kMaxMessageSeq) post_handshake_->StopSending();
    return post_handshake_->HandleMessage(message.type, message.body, message.epoch);
  }
  peer_spoke_since_flight_ = true;
  if (server_handshake_ != nullptr) server_handshake_->SetTime(wall_clock_.At(now));
  const Status status = handshake_->HandleMessage(message.type, message.body, message.epoch);
  if (status.ok()) OnFlightAnswered(now);
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
  if (handshake_ != nullptr) run(*handshake_);
  if (post_handshake_ != nullptr) run(*post_handshake_);
}

void AssociationImpl::Apply(SendMessage action, Instant now) {
  if (!connected_ && peer_spoke_since_flight_) {
    retransmission_.BeginFlight();
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
  stateless_reply_ = std::move(action.body);
  stateless_reply_seq_ = next_message_seq_;
  TraceMessage(/*outgoing=*/true, action.type, stateless_reply_seq_, kPlaintextEpoch,
               stateless_reply_);
  acks_.OnFlightStarted();
}

void AssociationImpl::Apply(InstallReadKeys action, Instant) {
  if (!records_.InstallReadKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  keys_.OnReadKeysInstalled(action.epoch);
}

void AssociationImpl::Apply(InstallWriteKeys action, Instant) {
  if (!records_.InstallWriteKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  if (action.epoch >= kFirstApplicationEpoch) keys_.OnWriteKeysInstalled(RandomJitter());
  if (connected_) ForgetSpentWriteKeys();
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
  records_.ForgetWriteEpoch(kEarlyDataEpoch);
  events_.Push(
      {.type = action.accepted ? EventType::kEarlyDataAccepted : EventType::kEarlyDataRejected});
}

void AssociationImpl::Apply(PeerIsDtls13, Instant) { peer_is_dtls13_ = true; }

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
  result_ = handshake_->TakeResult();
  // Later generations must not be derivable from what stays in memory, RFC 8446 section 7.2.
  post_handshake_ =
      std::make_unique<PostHandshake>(HandshakeConfigOf(config_), role_ == Role::kClient, &result_);
  connected_ = true;
  if (result_.connection_ids.return_routability_check) mobility_.EnableCheck();
  if (ending_.close_sent()) post_handshake_->StopSending();
  first_post_handshake_seq_ = next_message_seq_;
  BeginTickets(now);
  ending_.StopWaiting();
  // From here on epoch 0 brings nothing that belongs to this association.
  records_.ForgetReadEpoch(kPlaintextEpoch);
  if (role_ == Role::kServer) {
    keys_.OnServerCompleted(now);
    ForgetSpentWriteKeys();
  }
  events_.Push({.type = EventType::kConnected});
}

void AssociationImpl::Apply(ClientAuthenticated action, Instant) {
  if (!action.declined) result_.peer_signature_scheme = action.signature_scheme;
  events_.Push(
      {.type = action.declined ? EventType::kClientDeclined : EventType::kClientAuthenticated,
       .identity = std::move(action.identity)});
}

HandshakeWait AssociationImpl::present_wait() const {
  if (failed()) return HandshakeWait::kNothing;
  if (connected_) return post_handshake_->wait();
  return handshake_ != nullptr ? handshake_->wait() : HandshakeWait::kNothing;
}

const PostHandshakeAuth* AssociationImpl::present_auth() const {
  // One that is over has forgotten its secrets, and what held them.
  if (post_handshake_ == nullptr || post_handshake_->auth() == nullptr) return nullptr;
  // What the handshake showed stays to be looked at while its events are polled.
  const bool is_asking = post_handshake_->wait() != HandshakeWait::kMessage;
  return is_asking || handshake_ == nullptr ? post_handshake_->auth() : nullptr;
}

void AssociationImpl::BeginTickets(Instant now) {
  const HandshakeConfig& config = config_->handshake;
  const bool is_client = role_ == Role::kClient;
  if (is_client ? config.psk_modes.empty()
                : config.server.ticket_keys == nullptr || !result_.takes_tickets) {
    return;
  }
  post_handshake_->AllowTickets(
      {.suite = result_.suite,
       .resumption_secret = Secret::CopyOf(result_.resumption_secret.bytes()),
       .server_name = result_.server_name,
       .alpn = {result_.connection.alpn.begin(), result_.connection.alpn.end()},
       .peer_certificates = handshake_->peer_certificates(),
       .application_data = session_data_,
       .authenticated_at = result_.authenticated_at});
  if (is_client) return;
  const size_t num_tickets =
      std::min<size_t>(config.server.num_tickets, result_.resumed ? 1 : SIZE_MAX);
  for (size_t i = 0; i < num_tickets && post_handshake_->SendTicket(wall_clock_.At(now)); ++i) {
  }
}

void AssociationImpl::Apply(TicketReceived action, Instant now) {
  // A flood of tickets need not be kept until the caller polls: any one will do.
  if (events_.size() >= kMaxQueuedEvents) return;
  Session& session = *action.session;
  session.issued_at = wall_clock_.At(now);
  session.authenticated_at = result_.authenticated_at.value_or(session.issued_at);
  // Sessions that renew one another must not keep a peer from ever being authenticated again.
  if (!LimitLifetime(session.issued_at, &session)) return;
  events_.Push({.type = EventType::kTicket, .session = std::move(action.session)});
}

void AssociationImpl::AnnounceWait() {
  if (failed()) return;
  const HandshakeWait wait = present_wait();
  if (wait == announced_wait_) return;
  announced_wait_ = wait;
  switch (wait) {
    case HandshakeWait::kPsk:
      events_.Push({.type = EventType::kPskWanted});
      return;
    case HandshakeWait::kCredential:
      events_.Push({.type = EventType::kCredentialWanted});
      return;
    case HandshakeWait::kSignature:
      events_.Push({.type = EventType::kSignatureWanted});
      return;
    case HandshakeWait::kVerification:
      events_.Push({.type = EventType::kVerifyPeer});
      return;
    case HandshakeWait::kMessage:
    case HandshakeWait::kNothing:
      return;
  }
}

void AssociationImpl::OnProvided(Status status, Instant now) {
  ending_.OnCallerAnswered(now);
  RunActions(now);
  if (!status.ok()) Fail(status);
  announced_wait_ = HandshakeWait::kMessage;
  AnnounceWait();
  DrainMessages(now);
  ScheduleAcks(now, /*saw_unreadable=*/false);
}

void AssociationImpl::ProvidePsk(size_t index, Psk psk, Instant now) {
  if (failed() || server_handshake_ == nullptr ||
      server_handshake_->wait() != HandshakeWait::kPsk) {
    return;
  }
  server_handshake_->SetTime(wall_clock_.At(now));
  OnProvided(handshake_->ProvidePsk(index, std::move(psk)), now);
  HandleHeldDatagrams(PathId(mobility_.active()), now);
}

void AssociationImpl::ProvideProtocol(std::string_view protocol, Instant now) {
  const HandshakeWait wait = present_wait();
  const bool is_asking = wait == HandshakeWait::kPsk || wait == HandshakeWait::kCredential;
  if (server_handshake_ == nullptr || !is_asking) return;
  // What is wanted still is, and need not be asked for again.
  const Status status = server_handshake_->ChooseProtocol(protocol);
  if (!status.ok()) OnProvided(status, now);
}

void AssociationImpl::ProvideDemand(CertificateDemand demand, Instant now) {
  if (server_handshake_ == nullptr || present_wait() != HandshakeWait::kCredential) return;
  const Status status = server_handshake_->DemandCertificate(std::move(demand));
  if (!status.ok()) OnProvided(status, now);
}

void AssociationImpl::ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) {
  if (present_wait() != HandshakeWait::kCredential) return;
  OnProvided(connected_ ? post_handshake_->ProvideCredential(std::move(credential))
                        : handshake_->ProvideCredential(std::move(credential)),
             now);
}

void AssociationImpl::ProvideSignature(std::span<const uint8_t> signature, Instant now) {
  if (present_wait() != HandshakeWait::kSignature) return;
  OnProvided(connected_ ? post_handshake_->ProvideSignature(signature)
                        : handshake_->ProvideSignature(signature),
             now);
}

void AssociationImpl::ProvideVerification(bool ok, AlertDescription alert, Instant now) {
  if (present_wait() != HandshakeWait::kVerification) return;
  OnProvided(connected_ ? post_handshake_->ProvideVerification(ok, alert)
                        : handshake_->ProvideVerification(ok, alert),
             now);
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
    if (const Status status = post_handshake_->OnAcked(acked->type); !status.ok()) {
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
  if (!MaySendMessages() || post_handshake_->IsOutstanding(HandshakeType::kKeyUpdate)) {
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

bool AssociationImpl::RequestClientCertificate(Instant now) {
  if (!MaySendMessages()) return false;
  const bool asked = post_handshake_->RequestClientCertificate();
  RunActions(now);
  return asked;
}

bool AssociationImpl::SendTicket(Instant now) {
  if (!MaySendMessages()) return false;
  const bool is_sent = post_handshake_->SendTicket(wall_clock_.At(now));
  RunActions(now);
  return is_sent;
}

void AssociationImpl::RequestKeyUpdate(bool request_peer, Instant now) {
  if (!MaySendMessages()) return;
  // One that was given up is sent again, now that it is wanted again.
  retransmission_.Revive(now);
  post_handshake_->RequestKeyUpdate(request_peer);
  RunActions(now);
}

}  // namespace dtls13
