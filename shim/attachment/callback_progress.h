// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_CALLBACK_PROGRESS_H_
#define DTLS13_SHIM_ATTACHMENT_CALLBACK_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "dtls13/event.h"

namespace dtls13::shim {

class CtxAttachment;

// Want is why the last call returned without a result: what SSL_want and SSL_get_error speak of.
enum class Want : uint8_t {
  kNothing,
  kRead,
  kWrite,
  // A callback of the application's that wants to be called again.
  kCertificateCallback,
  kClientHelloCallback,
  kVerification,
};

// CallbackTurn names the callbacks of a handshake that have their say once and in this order,
// whatever questions the association asks meanwhile. A client has only the server name's and the
// certificate's.
enum class CallbackTurn : uint8_t {
  kClientHello,    // SSL_CTX_set_client_hello_cb
  kExtensions,     // SSL_CTX_add_custom_ext
  kServerName,     // SSL_CTX_set_tlsext_servername_callback
  kProtocol,       // SSL_CTX_set_alpn_select_cb
  kNewExtensions,  // SSL_CTX_add_custom_ext, of connections that resume nothing
  kCertificate,    // SSL_set_cert_cb
  kNone,           // all have had it
};

// CallbackProgress is how far the application's callbacks are in the handshake of one SSL: whose
// turn it is, and which question is to be asked again because a callback has put it off. It calls
// none of them.
class CallbackProgress {
 public:
  // HasHad says whether `turn` has come and gone.
  bool HasHad(CallbackTurn turn) const { return turn_ > turn; }
  // Finish passes the turn to whoever comes behind `turn`.
  void Finish(CallbackTurn turn) {
    turn_ = static_cast<CallbackTurn>(static_cast<uint8_t>(turn) + 1);
  }

  // Postpone notes that `question` has no answer yet. The call ends with `want`, and the next one
  // asks again.
  void Postpone(EventType question, Want want) { postponed_ = {question, want}; }
  bool is_postponed() const { return postponed_.has_value(); }
  // What a call that cannot go on waits for; kNothing unless is_postponed.
  Want want() const { return postponed_ ? postponed_->want : Want::kNothing; }
  // TakePostponed returns the question that is to be asked again, if any: once.
  std::optional<EventType> TakePostponed() {
    const std::optional<Postponed> taken = std::exchange(postponed_, std::nullopt);
    return taken ? std::optional<EventType>(taken->question) : std::nullopt;
  }

  // RequestRetry is SSL_set_retry_verify: the verification at hand is to be put off.
  void RequestRetry() { retry_requested_ = true; }
  // ForgetRetry comes before each verification: a request is about the one at hand.
  void ForgetRetry() { retry_requested_ = false; }
  bool retry_requested() const { return retry_requested_; }

  // The SSL_CTX that a server's handshake began with; its SSL holds on to it. Null before.
  const CtxAttachment* initial_ctx() const { return initial_ctx_; }
  void set_initial_ctx(const CtxAttachment* ctx) { initial_ctx_ = ctx; }

 private:
  struct Postponed {
    EventType question;
    Want want;
  };

  CallbackTurn turn_ = CallbackTurn::kClientHello;
  std::optional<Postponed> postponed_;
  bool retry_requested_ = false;
  const CtxAttachment* initial_ctx_ = nullptr;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CALLBACK_PROGRESS_H_
