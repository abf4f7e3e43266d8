// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/handshake_context.h"

#include <algorithm>
#include <utility>

#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/message/failure.h"

namespace dtls13 {

HandshakeContext::HandshakeContext(std::shared_ptr<const HandshakeConfig> config)
    : config_(std::move(config)),
      transcript_(config_->algorithms, config_->wire_profile.transcript_form) {}

void HandshakeContext::SetClientRandom(std::span<const uint8_t> random) {
  std::copy_n(random.begin(), std::min(random.size(), client_random_.size()),
              client_random_.begin());
}

std::optional<HandshakeAction> HandshakeContext::NextAction() {
  if (actions_.empty()) return std::nullopt;
  HandshakeAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

Status HandshakeContext::Send(Epoch epoch, HandshakeType type, std::vector<uint8_t> body) {
  if (body.empty() && type != HandshakeType::kEndOfEarlyData) {
    return InternalError(Reason::kInternal);
  }
  if (!transcript_.Add(type, body)) return InternalError(Reason::kCrypto);
  Queue(SendMessage{.epoch = epoch, .type = type, .body = std::move(body)});
  return Status::Ok();
}

Status HandshakeContext::Receive(HandshakeType type, std::span<const uint8_t> body) {
  if (!transcript_.Add(type, body)) return InternalError(Reason::kCrypto);
  return Status::Ok();
}

void HandshakeContext::SendAuthentication(AuthenticationMessage message) {
  Queue(
      SendMessage{.epoch = kHandshakeEpoch, .type = message.type, .body = std::move(message.body)});
}

Status HandshakeContext::StartWithPsk(const PskSelection& selection) {
  schedule_.emplace(config_->algorithms, selection.psk.hash(), config_->wire_profile.label_prefix);
  if (!schedule_->StartEarly(selection.psk.key())) return InternalError(Reason::kCrypto);
  if (const Session* session = selection.psk.session()) {
    result_.resumed = true;
    result_.authenticated_at = session->authenticated_at;
  }
  result_.psk_index = selection.index;
  result_.psk_mode = selection.mode;
  return Status::Ok();
}

Status HandshakeContext::DeriveHandshakeSecrets(std::span<const uint8_t> shared_secret) {
  if (!schedule_.has_value()) {
    schedule_.emplace(config_->algorithms, result_.suite->hash, config_->wire_profile.label_prefix);
    if (!schedule_->StartEarly({})) return InternalError(Reason::kCrypto);
  }
  const auto hash = transcript_.Hash();
  if (!hash.has_value() || !schedule_->EnterHandshake(shared_secret)) {
    return InternalError(Reason::kCrypto);
  }
  client_handshake_secret_ = schedule_->ClientHandshakeTrafficSecret(*hash);
  server_handshake_secret_ = schedule_->ServerHandshakeTrafficSecret(*hash);
  if (client_handshake_secret_.empty() || server_handshake_secret_.empty()) {
    return InternalError(Reason::kCrypto);
  }
  LogKey("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client_handshake_secret_);
  LogKey("SERVER_HANDSHAKE_TRAFFIC_SECRET", server_handshake_secret_);
  return Status::Ok();
}

Status HandshakeContext::DeriveApplicationSecrets() {
  const auto hash = transcript_.Hash();
  if (!hash.has_value() || !schedule_->EnterMaster()) return InternalError(Reason::kCrypto);
  secrets_.client_application_secret = schedule_->ClientApplicationTrafficSecret(*hash);
  secrets_.server_application_secret = schedule_->ServerApplicationTrafficSecret(*hash);
  secrets_.exporter_secret = schedule_->ExporterSecret(*hash);
  if (secrets_.client_application_secret.empty() || secrets_.server_application_secret.empty() ||
      secrets_.exporter_secret.empty()) {
    return InternalError(Reason::kCrypto);
  }
  LogKey("CLIENT_TRAFFIC_SECRET_0", secrets_.client_application_secret);
  LogKey("SERVER_TRAFFIC_SECRET_0", secrets_.server_application_secret);
  LogKey("EXPORTER_SECRET", secrets_.exporter_secret);
  return Status::Ok();
}

Status HandshakeContext::DeriveResumptionSecret() {
  const auto hash = transcript_.Hash();
  if (!hash.has_value()) return InternalError(Reason::kCrypto);
  secrets_.resumption_secret = schedule_->ResumptionSecret(*hash);
  if (secrets_.resumption_secret.empty()) return InternalError(Reason::kCrypto);
  return Status::Ok();
}

void HandshakeContext::UseConnectionIds(ConnectionIdAgreement agreement) {
  if (!agreement.receive.empty()) Queue(ExpectConnectionId{.id = agreement.receive});
  if (!agreement.send.empty()) Queue(SendWithConnectionId{.id = agreement.send});
  result_.connection_ids = std::move(agreement);
}

void HandshakeContext::InstallReadKeys(Epoch epoch, const Secret& traffic_secret) {
  Queue(dtls13::InstallReadKeys{.epoch = epoch,
                                .suite = result_.suite,
                                .traffic_secret = Secret::CopyOf(traffic_secret.bytes())});
}

void HandshakeContext::InstallWriteKeys(Epoch epoch, const Secret& traffic_secret) {
  Queue(dtls13::InstallWriteKeys{.epoch = epoch,
                                 .suite = result_.suite,
                                 .traffic_secret = Secret::CopyOf(traffic_secret.bytes())});
}

Status HandshakeContext::SendFinished(const Secret& base_secret) {
  std::vector<uint8_t> body = MakeFinished(base_secret, transcript_, &*schedule_);
  if (body.empty()) return InternalError(Reason::kCrypto);
  return Send(kHandshakeEpoch, HandshakeType::kFinished, std::move(body));
}

Status HandshakeContext::ReceiveFinished(std::span<const uint8_t> body, const Secret& base_secret) {
  const Status status = CheckFinished(base_secret, transcript_, body, &*schedule_);
  if (!status.ok()) return status;
  return Receive(HandshakeType::kFinished, body);
}

void HandshakeContext::LogKey(const char* label, const Secret& secret) {
  if (!config_->key_log) return;
  Queue(KeyLogLine{
      .label = label, .client_random = client_random_, .secret = Secret::CopyOf(secret.bytes())});
}

}  // namespace dtls13
