// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/post_handshake.h"

#include <algorithm>
#include <utility>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/key_update.h"
#include "dtls13/message/new_session_ticket.h"

namespace dtls13 {

PostHandshake::PostHandshake(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                             const HandshakeResult& result, HandshakeSecrets* secrets,
                             Epoch read_epoch, Epoch write_epoch)
    : config_(std::move(config)),
      suite_(result.suite),
      is_client_(is_client),
      read_epoch_(read_epoch),
      write_epoch_(write_epoch),
      read_secret_(std::move(is_client ? secrets->server_application_secret
                                       : secrets->client_application_secret)),
      write_secret_(std::move(is_client ? secrets->client_application_secret
                                        : secrets->server_application_secret)) {
  if (result.connection_ids.negotiated) {
    connection_ids_ = std::make_unique<ConnectionIds>(config_, result.connection_ids);
  }
  if (secrets->transcript != nullptr) {
    auth_ = std::make_unique<PostHandshakeAuth>(config_, is_client, result,
                                                std::move(*secrets->transcript));
    secrets->transcript.reset();
  }
}

Status PostHandshake::HandleMessage(HandshakeType type, std::span<const uint8_t> body,
                                    Epoch epoch) {
  // An epoch that a KeyUpdate has ended, or the handshake's own: RFC 9147bis section 8.
  //= rfc8446#section-5.1
  //# Implementations MUST verify that all messages immediately preceding a
  //# key change align with a record boundary; if not, then they MUST
  //# terminate the connection with an "unexpected_message" alert.
  if (epoch != read_epoch_) return UnexpectedMessage();
  //= rfc8446#section-4.6.2
  //# All of the client's
  //# messages for a given response MUST appear consecutively on the wire
  //# with no intervening messages of other types.
  if (auth_ != nullptr && auth_->IsMidAnswer()) return HandleAuth(type, body);
  //= rfc8446#section-4.6.2
  //# Note: Because client authentication could involve prompting the user,
  //# servers MUST be prepared for some delay, including receiving an
  //# arbitrary number of other messages between sending the
  //# CertificateRequest and receiving a response.
  switch (type) {
    case HandshakeType::kCertificateRequest:
    case HandshakeType::kCertificate:
    case HandshakeType::kCompressedCertificate:
      return HandleAuth(type, body);
    case HandshakeType::kKeyUpdate:
      return HandleKeyUpdate(body);
    case HandshakeType::kNewSessionTicket:
      if (!is_client_) return UnexpectedMessage();
      return HandleNewSessionTicket(body);
    case HandshakeType::kNewConnectionId:
      //= rfc9147#section-9
      //# If an implementation receives these messages when
      //# CIDs were not negotiated, it MUST abort the connection with an
      //# "unexpected_message" alert.
      if (connection_ids_ == nullptr) return UnexpectedMessage();
      return connection_ids_->HandleNewConnectionId(body, &actions_);
    case HandshakeType::kRequestConnectionId:
      if (connection_ids_ == nullptr) return UnexpectedMessage();
      return connection_ids_->HandleRequestConnectionId(body);
    default:
      return UnexpectedMessage();
  }
}

size_t PostHandshake::max_message_len() const {
  const bool may_be_long = is_client_ || (auth_ != nullptr && auth_->ExpectsAnswer());
  return may_be_long ? config_->max_message_len
                     : std::min(config_->max_message_len, kMaxShortMessageLen);
}

std::optional<HandshakeAction> PostHandshake::NextAction() {
  if (actions_.empty() && may_send_ && connection_ids_ != nullptr) SendConnectionIdMessages();
  if (actions_.empty()) return std::nullopt;
  HandshakeAction action = std::move(actions_.front());
  actions_.erase(actions_.begin());
  // An idle association keeps nothing on the heap.
  if (actions_.empty()) std::vector<HandshakeAction>().swap(actions_);
  return action;
}

// --- Sending

bool PostHandshake::Send(HandshakeType type, std::vector<uint8_t> body) {
  if (!may_send_) return false;
  // Messages are read in order, so whatever follows a KeyUpdate is read under the new keys, which
  // we do not have before it is acknowledged.
  if (IsOutstanding(HandshakeType::kKeyUpdate)) {
    if (held_.size() >= kMaxHeld) return false;
    held_.push_back({type, std::move(body)});
    return true;
  }
  outstanding_.push_back(type);
  //= rfc8446#section-4.6.3
  //# Both sender and receiver MUST encrypt their KeyUpdate messages with
  //# the old keys.
  Queue(SendMessage{.epoch = write_epoch_, .type = type, .body = std::move(body)});
  return true;
}

bool PostHandshake::IsOutstanding(HandshakeType type) const {
  return std::find(outstanding_.begin(), outstanding_.end(), type) != outstanding_.end() ||
         std::any_of(held_.begin(), held_.end(),
                     [=](const Held& held) { return held.type == type; });
}

Status PostHandshake::OnAcked(HandshakeType type) {
  if (outstanding_.empty() || outstanding_.front() != type) return InternalError(Reason::kInternal);
  outstanding_.erase(outstanding_.begin());
  if (outstanding_.empty()) outstanding_ = {};
  if (connection_ids_ != nullptr) connection_ids_->OnAcked(type, &actions_);
  if (type != HandshakeType::kKeyUpdate) return Status::Ok();
  answers_update_ = false;
  //= rfc9147#section-8
  //# implementations MUST NOT send records with the new
  //# keys or send a new KeyUpdate until the previous KeyUpdate has been
  //# acknowledged (this avoids having too many epochs in active use).
  if (const Status status = AdvanceWriteKeys(); !status.ok()) return status;
  for (Held& held : std::exchange(held_, {})) Send(held.type, std::move(held.body));
  return AdvanceAuth(Status::Ok());
}

// --- Client authentication

//= rfc8446#section-4.6.2
//# a server MAY request client authentication at any time after the
//# handshake has completed by sending a CertificateRequest message.
bool PostHandshake::RequestClientCertificate() {
  if (is_client_ || auth_ == nullptr || !may_send_) return false;
  std::vector<uint8_t> body = auth_->Request();
  return !body.empty() && Send(HandshakeType::kCertificateRequest, std::move(body));
}

Status PostHandshake::HandleAuth(HandshakeType type, std::span<const uint8_t> body) {
  //= rfc8446#section-4.6.2
  //# A client that receives a CertificateRequest message without having
  //# sent the "post_handshake_auth" extension MUST send an
  //# "unexpected_message" fatal alert.
  if (auth_ == nullptr) return UnexpectedMessage();
  return AdvanceAuth(auth_->HandleMessage(type, body, read_secret_));
}

Status PostHandshake::ProvideCredential(const std::shared_ptr<const Credential>& credential) {
  return AdvanceAuth(auth_->ProvideCredential(credential));
}

Status PostHandshake::ProvideSignature(std::span<const uint8_t> signature) {
  return AdvanceAuth(auth_->ProvideSignature(signature));
}

Status PostHandshake::ProvideVerification(bool ok, AlertDescription alert) {
  return AdvanceAuth(auth_->ProvideVerification(ok, alert));
}

Status PostHandshake::AdvanceAuth(Status status) {
  if (auth_ == nullptr) return status;
  while (const auto outcome = auth_->TakeOutcome()) actions_.emplace_back(*outcome);
  // A Finished is made with the keys it leaves under, so an answer waits for those of a KeyUpdate.
  while (status.ok() && may_send_ && !IsOutstanding(HandshakeType::kKeyUpdate)) {
    std::vector<AuthenticationMessage> answer = auth_->TakeAnswer(write_secret_, &status);
    if (answer.empty()) break;
    for (AuthenticationMessage& message : answer) Send(message.type, std::move(message.body));
  }
  return status;
}

// --- Tickets

void PostHandshake::AllowTickets(Resumption::Basis basis) {
  resumption_ = std::make_unique<Resumption>(config_, std::move(basis));
}

bool PostHandshake::SendTicket(WallTime now) {
  const auto is_ticket = [](HandshakeType type) {
    return type == HandshakeType::kNewSessionTicket;
  };
  const auto is_held = [&](const Held& held) { return is_ticket(held.type); };
  const size_t num_on_their_way =
      static_cast<size_t>(std::count_if(outstanding_.begin(), outstanding_.end(), is_ticket) +
                          std::count_if(held_.begin(), held_.end(), is_held));
  if (is_client_ || resumption_ == nullptr || num_on_their_way >= kMaxTickets) return false;
  std::unique_ptr<Session> session;
  std::vector<uint8_t> body = resumption_->Issue(now, &session);
  //= rfc9147#section-5.8.4
  //# Specifically, a server MAY send
  //# multiple NewSessionTicket messages at once without awaiting ACKs for
  //# earlier NewSessionTicket messages first.
  if (body.empty() || !Send(HandshakeType::kNewSessionTicket, std::move(body))) return false;
  if (config_->server.tell_tickets) Queue(TicketIssued{.session = std::move(session)});
  return true;
}

Status PostHandshake::HandleNewSessionTicket(std::span<const uint8_t> body) {
  if (resumption_ == nullptr) {
    NewSessionTicket ticket;
    return ParseNewSessionTicket(body, &ticket);
  }
  std::unique_ptr<Session> session;
  const Status status = resumption_->Receive(body, &session);
  if (session != nullptr) Queue(TicketReceived{.session = std::move(session)});
  return status;
}

// --- Connection IDs

void PostHandshake::SendConnectionIdMessages() {
  while (auto message = connection_ids_->NextMessage(&actions_)) {
    Send(message->type, std::move(message->body));
  }
}

// --- KeyUpdate

void PostHandshake::RequestKeyUpdate(bool request_peer) {
  //= rfc9147#section-5.8.4
  //# In contrast,
  //# implementations MUST NOT send KeyUpdate, NewConnectionId, or
  //# RequestConnectionId messages if an earlier message of the same type
  //# has not yet been acknowledged.
  if (IsOutstanding(HandshakeType::kKeyUpdate)) return;
  //= rfc9147#section-8
  //# If a sending implementation receives a KeyUpdate with
  //# request_update set to "update_requested", it MUST NOT send its own
  //# KeyUpdate if that would cause it to exceed these limits and SHOULD
  //# instead ignore the "update_requested" flag.
  if (write_epoch_ >= config_->wire_profile.max_write_epoch) return;
  Send(HandshakeType::kKeyUpdate, SerializeKeyUpdate({.update_requested = request_peer}));
}

Status PostHandshake::HandleKeyUpdate(std::span<const uint8_t> body) {
  bool illegal = false;
  const std::optional<KeyUpdate> update = ParseKeyUpdate(body, &illegal);
  if (!update.has_value()) return illegal ? IllegalParameter(Reason::kBadKeyUpdate) : DecodeError();
  //= draft-ietf-tls-dtls13-26#section-6.1
  //# If a DTLS implementation would
  //# need to wrap the epoch value, it MUST terminate the connection.
  if (read_epoch_ >= config_->wire_profile.max_read_epoch) {
    return Status::Fatal(Reason::kTooManyKeyUpdates, AlertDescription::kUnexpectedMessage);
  }
  Secret next = NextTrafficSecret(*config_->algorithms, *suite_, config_->wire_profile.label_prefix,
                                  read_secret_.bytes());
  if (next.empty()) return InternalError(Reason::kCrypto);
  //= rfc8446#section-4.6.3
  //# Upon receiving a KeyUpdate, the receiver MUST update its receiving
  //# keys.
  //= rfc8446#section-4.6.3
  //# Additionally, both sides MUST enforce that a KeyUpdate with the old
  //# key is received before accepting any messages encrypted with the new
  //# key.
  read_epoch_ = read_epoch_.Next();
  read_secret_ = std::move(next);
  Queue(InstallReadKeys{.epoch = read_epoch_,
                        .suite = suite_,
                        .traffic_secret = Secret::CopyOf(read_secret_.bytes())});
  //= rfc8446#section-4.6.3
  //# the receiver MUST send a KeyUpdate of its own with request_update set
  //# to "update_not_requested"
  if (update->update_requested) {
    // One that is under way already, of our own accord, will do.
    RequestKeyUpdate(/*request_peer=*/false);
    answers_update_ = IsOutstanding(HandshakeType::kKeyUpdate);
  }
  return Status::Ok();
}

Status PostHandshake::AdvanceWriteKeys() {
  Secret next = NextTrafficSecret(*config_->algorithms, *suite_, config_->wire_profile.label_prefix,
                                  write_secret_.bytes());
  if (next.empty()) return InternalError(Reason::kCrypto);
  write_epoch_ = write_epoch_.Next();
  //= rfc8446#section-7.2
  //# Once client_/server_application_traffic_secret_N+1 and its associated
  //# traffic keys have been computed, implementations SHOULD delete
  //# client_/server_application_traffic_secret_N and its associated traffic
  //# keys.
  write_secret_ = std::move(next);
  Queue(InstallWriteKeys{.epoch = write_epoch_,
                         .suite = suite_,
                         .traffic_secret = Secret::CopyOf(write_secret_.bytes())});
  return Status::Ok();
}

// --- While cold

void PostHandshake::WriteMemory(ByteWriter* writer) const {
  writer->WriteVector8(read_secret_.bytes());
  writer->WriteVector8(write_secret_.bytes());
  writer->WriteU8(may_send_);
  if (connection_ids_ != nullptr) connection_ids_->WriteState(writer);
  writer->WriteU8(HasShortResumption());
  if (HasShortResumption()) resumption_->WriteMemory(writer);
}

bool PostHandshake::ReadSecrets(ByteReader* reader, bool is_client, HandshakeSecrets* secrets) {
  Secret* const client = &secrets->client_application_secret;
  Secret* const server = &secrets->server_application_secret;
  return Secret::Read(reader, is_client ? server : client) &&
         Secret::Read(reader, is_client ? client : server);
}

bool PostHandshake::ReadMemory(const HandshakeResult& result, ByteReader* reader) {
  bool has_resumption = false;
  if (!reader->ReadFlag(&may_send_) ||
      (connection_ids_ != nullptr && !connection_ids_->ReadState(reader)) ||
      !reader->ReadFlag(&has_resumption)) {
    return false;
  }
  if (!has_resumption) return true;
  resumption_ = Resumption::ReadMemory(
      config_,
      {.suite = result.suite,
       .server_name = result.server_name,
       .alpn = {result.connection.alpn.begin(), result.connection.alpn.end()},
       .authenticated_at = result.authenticated_at},
      reader);
  return resumption_ != nullptr;
}

}  // namespace dtls13
