// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/handshake/handshake.h"
#include "dtls13/handshake/handshake_context.h"
#include "dtls13/handshake/local_authentication.h"
#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/handshake/transition_table.h"
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
  const SignatureRequest& signature_request() const final {
    return local_authentication_.signature_request();
  }
  const HandshakeResult& result() const final { return context_.result(); }
  HandshakeResult TakeResult() final { return std::move(context_.result()); }
  HandshakeSecrets& secrets() final { return context_.secrets(); }

  Status ProvideVerification(bool ok, AlertDescription alert) final {
    if (wait() != HandshakeWait::kVerification) return Finish(InternalError(Reason::kInternal));
    //= rfc8446#section-4.4.2.2
    //# MUST abort the handshake with an appropriate certificate-related alert
    if (!ok) return Finish(Status::Fatal(Reason::kCertificateVerifyFailed, alert));
    state_ = state_ == HandshakeState::kClientWaitVerification
                 ? HandshakeState::kClientWaitCertificateVerify
                 : HandshakeState::kServerWaitCertificateVerify;
    return Status::Ok();
  }
  Status ProvideCredential(std::shared_ptr<const Credential> credential) final {
    if (wait() != HandshakeWait::kCredential) return Finish(InternalError(Reason::kInternal));
    return Finish(UseCredential(credential.get()));
  }
  Status ProvideSignature(std::span<const uint8_t> signature) final {
    if (wait() != HandshakeWait::kSignature) return Finish(InternalError(Reason::kInternal));
    //= rfc8446#section-4.4.3
    //# When sent, this message MUST appear immediately after the Certificate
    //# message and immediately prior to the Finished message.
    if (const Status status = SendCertificateVerify(signature); !status.ok()) {
      return Finish(status);
    }
    return Finish(SendFinished());
  }
  Status ProvidePsk(size_t, Psk) override { return Finish(InternalError(Reason::kInternal)); }

 protected:
  HandshakeBase(std::shared_ptr<const HandshakeConfig> config, HandshakeState state)
      : context_(std::move(config)), state_(state) {}

  // Dispatch hands a message that the table allowed to its state's handler.
  virtual Status Dispatch(HandshakeType type, std::span<const uint8_t> body) = 0;
  // UseCredential goes on to the Certificate with the credential that was chosen; null: none.
  virtual Status UseCredential(const Credential* credential) = 0;
  // SendFinished ends the flight of Certificate and CertificateVerify, or of neither.
  virtual Status SendFinished() = 0;

  // Finish passes a status through and ends the handshake if it is fatal.
  Status Finish(Status status) {
    if (!status.ok()) state_ = HandshakeState::kFailed;
    return status;
  }

  // ReceiveCertificate and ReceiveCertificateVerify read the peer's, by peer_authentication_.
  Status ReceiveCertificate(HandshakeType type, std::span<const uint8_t> body) {
    return peer_authentication_.ReadCertificate(context_.config(), type, body,
                                                &context_.transcript(), &peer_identity_);
  }
  Status ReceiveCertificateVerify(std::span<const uint8_t> body) {
    return peer_authentication_.ReadCertificateVerify(context_.algorithms(), body,
                                                      &context_.transcript(),
                                                      &context_.result().peer_signature_scheme);
  }

  // SendCertificateVerify is ours, by local_authentication_.
  Status SendCertificateVerify(std::span<const uint8_t> signature) {
    AuthenticationMessage message;
    const Status status =
        local_authentication_.ProvideSignature(signature, &context_.transcript(), &message);
    if (!status.ok()) return status;
    context_.result().local_signature_scheme = signature_request().scheme;
    context_.SendAuthentication(std::move(message));
    return Status::Ok();
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
  LocalAuthentication local_authentication_;
  PeerAuthentication peer_authentication_;
  PeerIdentity peer_identity_;
  CertificateRequestInfo certificate_request_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
