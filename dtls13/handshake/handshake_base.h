#ifndef DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/crypto/signature.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/handshake/handshake_context.h"
#include "dtls13/handshake/local_certificate.h"
#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/handshake/transition_table.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/failure.h"

namespace dtls13 {

// WaitOf says what a state waits for.
constexpr HandshakeWait WaitOf(HandshakeState state) {
  switch (state) {
    case HandshakeState::kClientWaitVerification:
    case HandshakeState::kServerWaitVerification:
      return HandshakeWait::kVerification;
    case HandshakeState::kServerWaitPsk:
      return HandshakeWait::kPsk;
    case HandshakeState::kClientWaitCredential:
    case HandshakeState::kServerWaitCredential:
      return HandshakeWait::kCredential;
    case HandshakeState::kClientWaitSignature:
    case HandshakeState::kServerWaitSignature:
      return HandshakeWait::kSignature;
    case HandshakeState::kCompleted:
    case HandshakeState::kFailed:
      return HandshakeWait::kNothing;
    default:
      return HandshakeWait::kMessage;
  }
}

// HandshakeBase implements of `Interface` (Handshake or ServerHandshake) what both roles do alike:
// every message passes the transition table before a handler sees it, and the first failure is the
// last thing that happens. An answer that was not waited for is the caller's mistake:
// internal_error.
template <typename Interface>
class HandshakeBase : public Interface {
 public:
  Status HandleMessage(HandshakeType type, std::span<const uint8_t> body, Epoch epoch) final {
    if (!IsMessageAllowed(state_, type, epoch)) return Finish(UnexpectedMessage());
    return Finish(Dispatch(type, body));
  }
  std::optional<HandshakeAction> NextAction() final { return context_.NextAction(); }
  HandshakeWait wait() const final { return WaitOf(state_); }

  const PeerIdentity& peer_identity() const final { return peer_identity_; }
  const CertificateRequestInfo& certificate_request() const final { return certificate_request_; }
  const SignatureRequest& signature_request() const final { return signature_request_; }
  const HandshakeResult& result() const final { return context_.result(); }
  HandshakeResult TakeResult() final { return std::move(context_.result()); }

  Status ProvideVerification(bool ok, AlertDescription alert) final {
    if (wait() != HandshakeWait::kVerification) return Finish(InternalError(Reason::kInternal));
    if (!ok) return Finish(Status::Fatal(Reason::kCertificateVerifyFailed, alert));
    state_ = state_ == HandshakeState::kClientWaitVerification
                 ? HandshakeState::kClientWaitCertificateVerify
                 : HandshakeState::kServerWaitCertificateVerify;
    return Status::Ok();
  }
  Status ProvideSignature(std::span<const uint8_t>) override {
    return Finish(InternalError(Reason::kInternal));
  }
  Status ProvidePsk(size_t, Psk) override { return Finish(InternalError(Reason::kInternal)); }
  Status ProvideCredential(std::shared_ptr<const Credential>) override {
    return Finish(InternalError(Reason::kInternal));
  }

 protected:
  HandshakeBase(std::shared_ptr<const HandshakeConfig> config, HandshakeState state)
      : context_(std::move(config)), state_(state) {}

  // Dispatch hands a message that the table allowed to its state's handler.
  virtual Status Dispatch(HandshakeType type, std::span<const uint8_t> body) = 0;

  // Finish passes a status through and ends the handshake if it is fatal.
  Status Finish(Status status) {
    if (!status.ok()) state_ = HandshakeState::kFailed;
    return status;
  }

  // ReceiveCertificate and ReceiveCertificateVerify read the peer's, by peer_authentication_.
  Status ReceiveCertificate(HandshakeType type, std::span<const uint8_t> body) {
    const Status status =
        peer_authentication_.ReadCertificate(context_.config(), type, body, &peer_identity_);
    if (!status.ok()) return status;
    return context_.Receive(type, body);
  }
  Status ReceiveCertificateVerify(std::span<const uint8_t> body) {
    const auto hash = context_.transcript().Hash();
    if (!hash.has_value()) return InternalError(Reason::kCrypto);
    const Status status = peer_authentication_.ReadCertificateVerify(
        context_.algorithms(), body, *hash, &context_.result().peer_signature_scheme);
    if (!status.ok()) return status;
    return context_.Receive(HandshakeType::kCertificateVerify, body);
  }

  // SendCertificate shows `credential` (null: nothing) and, if there is something to prove, asks
  // for the signature of `scheme`.
  Status SendCertificate(bool is_server, const Credential* credential, SignatureScheme scheme,
                         std::span<const uint8_t> context, const CertificateWishes& wishes) {
    LocalCertificate message =
        BuildLocalCertificate(context_.config(), context, credential, wishes);
    const Status status = context_.Send(kHandshakeEpoch, message.type, std::move(message.body));
    if (!status.ok() || credential == nullptr) return status;
    const auto hash = context_.transcript().Hash();
    if (!hash.has_value()) return InternalError(Reason::kCrypto);
    signature_request_.scheme = scheme;
    signature_request_.input = BuildCertificateVerifyInput(is_server, hash->view());
    return Status::Ok();
  }
  // SendCertificateVerify: an empty signature is the signer's failure.
  Status SendCertificateVerify(std::span<const uint8_t> signature) {
    if (signature.empty()) return InternalError(Reason::kSignerFailed);
    context_.result().local_signature_scheme = signature_request_.scheme;
    return context_.Send(kHandshakeEpoch, HandshakeType::kCertificateVerify,
                         SerializeCertificateVerify(signature_request_.scheme, signature));
  }

  // UsePsk goes on with the selected key in the place of certificates.
  Status UsePsk(const PskSelection& selection) {
    if (const Session* session = selection.psk.session()) {
      peer_identity_.chain = session->peer_certificates;
      peer_identity_.staples.resize(peer_identity_.chain.size());
    }
    return context_.StartWithPsk(selection);
  }

  HandshakeContext context_;
  HandshakeState state_;
  PeerAuthentication peer_authentication_;
  PeerIdentity peer_identity_;
  CertificateRequestInfo certificate_request_;
  SignatureRequest signature_request_{};
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
