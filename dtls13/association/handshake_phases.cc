// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/handshake_phases.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

// --- From one phase to the next

void HandshakePhases::Complete(std::shared_ptr<const HandshakeConfig> config, bool is_client) {
  result_ = handshake_->TakeResult();
  HandshakeSecrets& secrets = handshake_->secrets();
  KeepExporters(std::move(secrets.exporter_secret), std::move(secrets.early_exporter_secret));
  // Later generations must not be derivable from what stays in memory, RFC 8446 section 7.2.
  post_handshake_ =
      std::make_unique<PostHandshake>(std::move(config), is_client, result_, &secrets);
  connected_ = true;
}

void HandshakePhases::Restore(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                              HandshakeSecrets secrets, Epoch read_epoch, Epoch write_epoch) {
  post_handshake_ = std::make_unique<PostHandshake>(std::move(config), is_client, result_, &secrets,
                                                    read_epoch, write_epoch);
  connected_ = true;
}

void HandshakePhases::WriteState(const HandshakeConfig& config, ByteWriter* writer) const {
  writer->WriteU8(static_cast<uint8_t>(config.wire_profile.label_prefix));
  result_.WriteState(writer, exporter_secret_, early_exporter_secret());
}

bool HandshakePhases::ReadState(const HandshakeConfig& config, ByteReader* reader) {
  uint8_t label_prefix = 0;
  Secret exporter_secret, early_exporter_secret;
  if (!reader->ReadU8(&label_prefix) ||
      label_prefix != static_cast<uint8_t>(config.wire_profile.label_prefix) ||
      !result_.ReadState(reader, &exporter_secret, &early_exporter_secret) ||
      !config.algorithms->Supports(result_.suite->id)) {
    return false;
  }
  KeepExporters(std::move(exporter_secret), std::move(early_exporter_secret));
  return true;
}

void HandshakePhases::WriteMemory(const HandshakeConfig& config, ByteWriter* writer) const {
  WriteState(config, writer);
  {
    const ByteWriter::LengthPrefix list(writer, 2);
    for (const NamedGroup group : result_.connection.server_groups) {
      writer->WriteU16(static_cast<uint16_t>(group));
    }
  }
  post_handshake_->WriteMemory(writer);
}

bool HandshakePhases::ReadMemory(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                                 Epoch read_epoch, Epoch write_epoch, ByteReader* reader) {
  std::span<const uint8_t> list;
  if (!ReadState(*config, reader) || !reader->ReadVector16(&list)) return false;
  ByteReader groups(list);
  for (NamedGroup group{}; groups.ReadEnum16(&group);) {
    result_.connection.server_groups.push_back(group);
  }
  HandshakeSecrets secrets;
  if (!PostHandshake::ReadSecrets(reader, is_client, &secrets)) return false;
  Restore(std::move(config), is_client, std::move(secrets), read_epoch, write_epoch);
  return post_handshake_->ReadMemory(result_, reader);
}

void HandshakePhases::KeepExporters(Secret exporter_secret, Secret early_exporter_secret) {
  exporter_secret_ = std::move(exporter_secret);
  if (early_exporter_secret.empty()) return;
  early_exporter_secret_ = std::make_unique<Secret>(std::move(early_exporter_secret));
}

const Secret& HandshakePhases::early_exporter_secret() const {
  static const Secret kNone;
  if (!connected_ && handshake_ != nullptr) return handshake_->secrets().early_exporter_secret;
  return early_exporter_secret_ != nullptr ? *early_exporter_secret_ : kNone;
}

void HandshakePhases::ForgetHandshake() {
  server_handshake_ = nullptr;
  handshake_.reset();
}

//= rfc8446#appendix-E.1.4
//# However, because these secrets can be used to compute any exporter
//# value, they SHOULD be erased as soon as possible.
void HandshakePhases::ForgetSecrets() {
  post_handshake_.reset();
  if (handshake_ != nullptr) handshake_->secrets() = HandshakeSecrets();
  early_exporter_secret_.reset();
  exporter_secret_ = Secret();
}

// --- Messages

Status HandshakePhases::HandleMessage(HandshakeType type, std::span<const uint8_t> body,
                                      Epoch epoch, WallTime now) {
  if (connected_) return post_handshake_->HandleMessage(type, body, epoch);
  if (server_handshake_ != nullptr) server_handshake_->SetTime(now);
  return handshake_->HandleMessage(type, body, epoch);
}

// --- Answers

HandshakeWait HandshakePhases::wait() const {
  if (post_handshake_ != nullptr) return post_handshake_->wait();
  return handshake_ != nullptr ? handshake_->wait() : HandshakeWait::kNothing;
}

std::optional<EventType> HandshakePhases::TakeQuestion() {
  const HandshakeWait present = wait();
  if (present == announced_) return std::nullopt;
  announced_ = present;
  switch (present) {
    case HandshakeWait::kPsk:
      return EventType::kPskWanted;
    case HandshakeWait::kCredential:
      return EventType::kCredentialWanted;
    case HandshakeWait::kSignature:
      return EventType::kSignatureWanted;
    case HandshakeWait::kVerification:
      return EventType::kVerifyPeer;
    case HandshakeWait::kMessage:
    case HandshakeWait::kNothing:
      return std::nullopt;
  }
  return std::nullopt;
}

Status HandshakePhases::ProvideCredential(std::shared_ptr<const Credential> credential) {
  return connected_ ? post_handshake_->ProvideCredential(credential)
                    : handshake_->ProvideCredential(std::move(credential));
}

Status HandshakePhases::ProvideSignature(std::span<const uint8_t> signature) {
  return connected_ ? post_handshake_->ProvideSignature(signature)
                    : handshake_->ProvideSignature(signature);
}

Status HandshakePhases::ProvideVerification(bool ok, AlertDescription alert) {
  return connected_ ? post_handshake_->ProvideVerification(ok, alert)
                    : handshake_->ProvideVerification(ok, alert);
}

// --- What there is to be seen

const PostHandshakeAuth* HandshakePhases::present_auth() const {
  // A PostHandshake that is over has forgotten its secrets, and what held them.
  if (post_handshake_ == nullptr || post_handshake_->auth() == nullptr) return nullptr;
  // What the handshake showed stays to be looked at while its events are polled.
  const bool is_asking = post_handshake_->wait() != HandshakeWait::kMessage;
  return is_asking || handshake_ == nullptr ? post_handshake_->auth() : nullptr;
}

HandshakePhases::Shown HandshakePhases::shown() const {
  struct Nothing {
    ClientHelloInfo client_hello;
    SignatureRequest signature_request{};
    CertificateRequestInfo certificate_request;
    PeerIdentity peer_identity;
  };
  static const Nothing kNothing;
  const ClientHelloInfo& client_hello =
      server_handshake_ != nullptr ? server_handshake_->client_hello() : kNothing.client_hello;
  if (const PostHandshakeAuth* auth = present_auth()) {
    return {client_hello, auth->signature_request(), auth->certificate_request(),
            auth->peer_identity()};
  }
  if (handshake_ != nullptr) {
    return {client_hello, handshake_->signature_request(), handshake_->certificate_request(),
            handshake_->peer_identity()};
  }
  return {client_hello, kNothing.signature_request, kNothing.certificate_request,
          kNothing.peer_identity};
}

// --- Sessions

void HandshakePhases::BeginTickets(const HandshakeConfig& config, bool is_client, WallTime now) {
  if (is_client
          ? config.psk_modes.empty()
          : config.server.ticket_keys == nullptr || withholds_tickets_ || !result_.takes_tickets) {
    return;
  }
  AllowTickets();
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
      std::min<size_t>(config.server.num_tickets, result_.resumed ? 1 : SIZE_MAX);
  for (size_t i = 0; i < num_tickets && post_handshake_->SendTicket(now); ++i) {
  }
}

void HandshakePhases::AllowTickets() {
  post_handshake_->AllowTickets(
      {.suite = result_.suite,
       .resumption_secret = std::move(handshake_->secrets().resumption_secret),
       .server_name = result_.server_name,
       .alpn = {result_.connection.alpn.begin(), result_.connection.alpn.end()},
       .peer_certificates = handshake_->peer_certificates(),
       .application_data = session_data_,
       .authenticated_at = result_.authenticated_at});
}

}  // namespace dtls13
