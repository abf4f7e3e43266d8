#ifndef DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/handshake/failure.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/handshake/handshake_context.h"
#include "dtls13/handshake/transition_table.h"

namespace dtls13 {

// WaitOf says what a state waits for.
constexpr HandshakeWait WaitOf(HandshakeState state) {
  switch (state) {
    case HandshakeState::kClientWaitVerification:
      return HandshakeWait::kVerification;
    case HandshakeState::kServerWaitCredential:
      return HandshakeWait::kCredential;
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

  const std::vector<std::vector<uint8_t>>& peer_certificates() const final {
    return peer_certificates_;
  }
  const SignatureRequest& signature_request() const final { return signature_request_; }
  const HandshakeResult& result() const final { return context_.result(); }
  HandshakeResult TakeResult() final { return std::move(context_.result()); }

  Status ProvideVerification(bool, AlertDescription) override {
    return Finish(InternalError(Reason::kInternal));
  }
  Status ProvideSignature(std::span<const uint8_t>) override {
    return Finish(InternalError(Reason::kInternal));
  }
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

  HandshakeContext context_;
  HandshakeState state_;
  std::vector<std::vector<uint8_t>> peer_certificates_;
  SignatureRequest signature_request_{};
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_BASE_H_
