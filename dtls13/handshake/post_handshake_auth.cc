// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/post_handshake_auth.h"

#include <algorithm>
#include <utility>

#include "dtls13/message/certificate_request.h"
#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

constexpr size_t kContextRandomLen = 16;

const CertificateRequestInfo& NoRequest() {
  static const CertificateRequestInfo kNone;
  return kNone;
}

}  // namespace

PostHandshakeAuth::PostHandshakeAuth(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                                     const HandshakeResult& result, Transcript transcript)
    : config_(std::move(config)),
      is_client_(is_client),
      certificate_type_(result.client_certificate_type),
      hash_(result.suite->hash),
      handshake_(std::move(transcript)) {}

Status PostHandshakeAuth::HandleMessage(HandshakeType type, std::span<const uint8_t> body,
                                        const Secret& read_secret) {
  if (is_client_) {
    return type == HandshakeType::kCertificateRequest ? HandleRequest(body) : UnexpectedMessage();
  }
  switch (step_) {
    case Step::kCertificate:
      if (type != HandshakeType::kCertificate && type != HandshakeType::kCompressedCertificate) {
        return UnexpectedMessage();
      }
      return HandleCertificate(type, body);
    case Step::kCertificateVerify:
      if (type != HandshakeType::kCertificateVerify) return UnexpectedMessage();
      return HandleCertificateVerify(body);
    case Step::kFinished:
      if (type != HandshakeType::kFinished) return UnexpectedMessage();
      return HandleFinished(body, read_secret);
  }
  return UnexpectedMessage();
}

HandshakeWait PostHandshakeAuth::wait() const {
  if (num_answered_ > 0) return HandshakeWait::kVerification;
  if (asked_.empty() || stage_ == Stage::kReady) return HandshakeWait::kMessage;
  return stage_ == Stage::kCredential ? HandshakeWait::kCredential : HandshakeWait::kSignature;
}

const CertificateRequestInfo& PostHandshakeAuth::certificate_request() const {
  return asked_.empty() ? NoRequest() : asked_.front().request;
}

const PeerIdentity& PostHandshakeAuth::peer_identity() const {
  return num_answered_ > 0 ? exchanges_.front().identity : verified_;
}

KeySchedule PostHandshakeAuth::FinishedKeys() const {
  return KeySchedule(config_->algorithms, hash_, config_->wire_profile.label_prefix);
}

// --- Client

Status PostHandshakeAuth::HandleRequest(std::span<const uint8_t> body) {
  const auto view = ParseCertificateRequest(body);
  if (!view.has_value()) return DecodeError();
  if (asked_.size() >= kMaxRequests) return UnexpectedMessage();
  CertificateRequestInfo request;
  if (const Status status = ReadCertificateRequest(*view, /*in_main_handshake=*/false, &request);
      !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.3.2
  //# The certificate_request_context MUST be
  //# unique within the scope of this connection (thus preventing replay
  //# of client CertificateVerify messages).
  if (std::any_of(asked_.begin(), asked_.end(),
                  [&](const Asked& asked) { return asked.request.context == request.context; })) {
    return IllegalParameter(Reason::kBadExtension);
  }
  request.type = certificate_type_;
  auto transcript = handshake_.Copy();
  if (!transcript.has_value() || !transcript->Add(HandshakeType::kCertificateRequest, body)) {
    return InternalError(Reason::kCrypto);
  }
  asked_.push_back({.request = std::move(request), .transcript = std::move(*transcript)});
  return asked_.size() == 1 ? StartAnswer() : Status::Ok();
}

//= rfc8446#section-4.6.2
//# The client MUST respond with the appropriate Authentication messages
//# (see Section 4.4).
Status PostHandshakeAuth::StartAnswer() {
  stage_ = Stage::kCredential;
  if (asked_.empty() || config_->ask_credential) return Status::Ok();
  return UseCredential(config_->credential.get());
}

Status PostHandshakeAuth::ProvideCredential(const std::shared_ptr<const Credential>& credential) {
  if (wait() != HandshakeWait::kCredential) return InternalError(Reason::kInternal);
  return UseCredential(credential.get());
}

Status PostHandshakeAuth::UseCredential(const Credential* credential) {
  Asked& asked = asked_.front();
  answer_.resize(1);
  const Status status = local_authentication_.AnswerRequest(*config_, asked.request, credential,
                                                            &asked.transcript, &answer_.front());
  if (!status.ok()) return status;
  stage_ = local_authentication_.wants_signature() ? Stage::kSignature : Stage::kReady;
  return Status::Ok();
}

Status PostHandshakeAuth::ProvideSignature(std::span<const uint8_t> signature) {
  if (wait() != HandshakeWait::kSignature) return InternalError(Reason::kInternal);
  const Status status = local_authentication_.ProvideSignature(
      signature, &asked_.front().transcript, &answer_.emplace_back());
  if (!status.ok()) return status;
  stage_ = Stage::kReady;
  return Status::Ok();
}

std::vector<AuthenticationMessage> PostHandshakeAuth::TakeAnswer(const Secret& write_secret,
                                                                 Status* status) {
  *status = Status::Ok();
  if (asked_.empty() || stage_ != Stage::kReady) return {};
  // Only now is it known which keys it leaves under, and so which the Finished is made with.
  KeySchedule keys = FinishedKeys();
  std::vector<uint8_t> finished = MakeFinished(write_secret, asked_.front().transcript, &keys);
  if (finished.empty()) {
    *status = InternalError(Reason::kCrypto);
    return {};
  }
  //= rfc8446#section-4.6.2
  //# If the client chooses to authenticate, it MUST send Certificate,
  //# CertificateVerify, and Finished.
  answer_.push_back({.type = HandshakeType::kFinished, .body = std::move(finished)});
  std::vector<AuthenticationMessage> answer = std::exchange(answer_, {});
  asked_.pop_front();
  *status = StartAnswer();
  return answer;
}

// --- Server

//= rfc9147#section-5.8.4
//# Likewise, a server MAY send multiple CertificateRequest messages at once
//# without having completed earlier client authentication requests before.
std::vector<uint8_t> PostHandshakeAuth::Request() {
  if (exchanges_.size() >= kMaxRequests) return {};
  //= rfc8446#section-4.3.2
  //# When requesting post-handshake
  //# authentication, the server SHOULD make the context unpredictable
  //# to the client (e.g., by randomly generating it) in order to
  //# prevent an attacker who has temporary access to the client's
  //# private key from pre-computing valid CertificateVerify messages.
  std::vector<uint8_t> random(kContextRandomLen);
  if (!config_->random->Fill(random)) return {};
  std::vector<uint8_t> context;
  ByteWriter writer(&context);
  writer.WriteU32(num_requests_++);  // and never the same twice
  writer.WriteBytes(random);
  PeerAuthentication authentication;
  std::vector<uint8_t> body = authentication.Request(
      *config_, certificate_type_, std::move(context), config_->certificate_authorities);
  auto transcript = handshake_.Copy();
  if (body.empty() || !transcript.has_value() ||
      !transcript->Add(HandshakeType::kCertificateRequest, body)) {
    return {};
  }
  exchanges_.push_back(
      {.transcript = std::move(*transcript), .authentication = std::move(authentication)});
  return body;
}

Status PostHandshakeAuth::HandleCertificate(HandshakeType type, std::span<const uint8_t> body) {
  if (num_answered_ == exchanges_.size()) return UnexpectedMessage();
  std::vector<uint8_t> context;
  if (const Status status = ReadCertificateContext(*config_, type, body, &context); !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.6.2
  //# In addition, clients which receive multiple CertificateRequests in
  //# close succession MAY respond to them in a different order than they
  //# were received (the certificate_request_context value allows the server
  //# to disambiguate the responses).
  // Clients may answer in another order than they were asked in.
  const auto exchange =
      std::find_if(exchanges_.begin(), exchanges_.end(), [&](const Exchange& candidate) {
        return !candidate.answered && candidate.authentication.context() == context;
      });
  if (exchange == exchanges_.end()) return IllegalParameter(Reason::kBadCertificate);
  const Status status = exchange->authentication.ReadCertificate(
      *config_, type, body, &exchange->transcript, &exchange->identity);
  if (!status.ok()) return status;
  answering_ = &*exchange;
  step_ = exchange->identity.chain.empty() ? Step::kFinished : Step::kCertificateVerify;
  return Status::Ok();
}

Status PostHandshakeAuth::HandleCertificateVerify(std::span<const uint8_t> body) {
  const Status status = answering_->authentication.ReadCertificateVerify(
      *config_->algorithms, body, &answering_->transcript, &answering_->signature_scheme);
  if (!status.ok()) return status;
  step_ = Step::kFinished;
  return Status::Ok();
}

Status PostHandshakeAuth::HandleFinished(std::span<const uint8_t> body, const Secret& read_secret) {
  KeySchedule keys = FinishedKeys();
  const Status status = CheckFinished(read_secret, answering_->transcript, body, &keys);
  if (!status.ok()) return status;
  answering_->answered = true;
  const auto answered =
      std::find_if(exchanges_.begin(), exchanges_.end(),
                   [this](const Exchange& exchange) { return &exchange == answering_; });
  std::rotate(exchanges_.begin() + static_cast<ptrdiff_t>(num_answered_), answered, answered + 1);
  ++num_answered_;
  answering_ = nullptr;
  step_ = Step::kCertificate;
  SettleDeclined();
  return Status::Ok();
}

// SettleDeclined ends exchanges whose turn it is and that have nothing to verify.
void PostHandshakeAuth::SettleDeclined() {
  while (num_answered_ > 0 && exchanges_.front().identity.chain.empty()) {
    exchanges_.pop_front();
    --num_answered_;
    outcomes_.push_back({.declined = true});
  }
}

Status PostHandshakeAuth::ProvideVerification(bool ok, AlertDescription alert) {
  if (wait() != HandshakeWait::kVerification) return InternalError(Reason::kInternal);
  if (!ok) return Status::Fatal(Reason::kCertificateVerifyFailed, alert);
  verified_ = std::move(exchanges_.front().identity);
  outcomes_.push_back({.signature_scheme = exchanges_.front().signature_scheme,
                       .identity = std::make_shared<const PeerIdentity>(verified_)});
  exchanges_.pop_front();
  --num_answered_;
  SettleDeclined();
  return Status::Ok();
}

std::optional<ClientAuthenticated> PostHandshakeAuth::TakeOutcome() {
  if (outcomes_.empty()) return std::nullopt;
  ClientAuthenticated outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  return outcome;
}

}  // namespace dtls13
