// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/verify_peer.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <utility>

#include "dtls13/crypto/trust_store.h"
#include "shim/answer/application_tickets.h"
#include "shim/answer/certificates.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/answer/ocsp_staple.h"
#include "shim/answer/session_reuse.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

X509_STORE* VerifyStore(SSL* ssl) {
  X509_STORE* store = nullptr;
  Real().SSL_ctrl(ssl, SSL_CTRL_GET_VERIFY_CERT_STORE, 0, &store);
  return store != nullptr ? store : Real().SSL_CTX_get_cert_store(Real().SSL_get_SSL_CTX(ssl));
}

// Prepare sets a verification up as libssl does: the SSL's parameters over the defaults for the
// peer's purpose, its security level, Suite B flags, DANE records and callback.
bool Prepare(SslAttachment& attachment, X509_STORE_CTX* context, X509* leaf) {
  SSL* ssl = attachment.ssl();
  STACK_OF(X509)* untrusted = attachment.lent().chain;
  if (X509_STORE_CTX_init(context, VerifyStore(ssl), leaf, untrusted) != 1) return false;
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_auth_level(param, Real().SSL_get_security_level(ssl));
  // The Suite B bits of both are the same numbers.
  const auto suite_b = static_cast<unsigned long>(
      Real().SSL_ctrl(ssl, SSL_CTRL_CERT_FLAGS, 0, nullptr) & SSL_CERT_FLAG_SUITEB_128_LOS);
  X509_STORE_CTX_set_flags(context, suite_b);
  if (X509_STORE_CTX_set_ex_data(context, Real().SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) != 1) {
    return false;
  }
  X509_STORE_CTX_set0_dane(context, Real().SSL_get0_dane(ssl));
  const bool peer_is_server = attachment.association()->facts().role == Role::kClient;
  X509_STORE_CTX_set_default(context, peer_is_server ? "ssl_server" : "ssl_client");
  X509_VERIFY_PARAM_set1(param, Real().SSL_get0_param(ssl));
  if (const auto callback = Real().SSL_get_verify_callback(ssl)) {
    X509_STORE_CTX_set_verify_cb(context, callback);
  }
  return true;
}

// VerifyChain returns whether the chain is good, and leaves the SSL its result, the chain that was
// built and the name that matched.
bool VerifyChain(SslAttachment& attachment, X509* leaf) {
  SSL* ssl = attachment.ssl();
  OpenSslPtr<X509_STORE_CTX> context = NewStoreContext(attachment);
  if (context == nullptr || !Prepare(attachment, context.get(), leaf)) {
    Real().SSL_set_verify_result(ssl, X509_V_ERR_UNSPECIFIED);
    return false;
  }
  const CtxAttachment* ctx = attachment.ctx();
  const bool is_good = ctx != nullptr && ctx->callbacks.verify_chain
                           ? ctx->callbacks.verify_chain(context.get()) > 0
                           : X509_verify_cert(context.get()) > 0;
  Real().SSL_set_verify_result(ssl, X509_STORE_CTX_get_error(context.get()));
  attachment.lent().verified_chain = X509_STORE_CTX_get1_chain(context.get());
  X509_VERIFY_PARAM_move_peername(Real().SSL_get0_param(ssl),
                                  X509_STORE_CTX_get0_param(context.get()));
  return is_good;
}

void Forget(STACK_OF(X509) * *stack) {
  sk_X509_pop_free(*stack, X509_free);
  *stack = nullptr;
}

// ParseOrKeepChain parses the peer's certificates, but keeps the chain of a verification that was
// put off: the application may have added to it what was missing, and holds on to it. The leaf is
// the peer's in any case.
OpenSslPtr<X509> ParseOrKeepChain(SslAttachment& attachment) {
  LentObjects& objects = attachment.lent();
  STACK_OF(X509)* old = std::exchange(objects.chain, nullptr);
  OpenSslPtr<X509> leaf = ParsePeerChain(attachment);
  const bool is_retry = attachment.callbacks.retry_requested() && sk_X509_num(old) > 0 &&
                        leaf != nullptr && X509_cmp(sk_X509_value(old, 0), leaf.get()) == 0;
  if (is_retry) std::swap(objects.chain, old);
  Forget(&old);
  return leaf;
}

}  // namespace

void AnswerVerifyPeer(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  SSL* ssl = attachment.ssl();
  LentObjects& objects = attachment.lent();
  Forget(&objects.verified_chain);
  if (association.facts().role == Role::kClient && !RunServerNameCallback(attachment)) return;
  // What goes wrong inside a verification that succeeds is nobody's error.
  ERR_set_mark();
  OpenSslPtr<X509> leaf = ParseOrKeepChain(attachment);
  attachment.callbacks.ForgetRetry();
  if (leaf == nullptr) {
    ERR_clear_last_mark();
    association.ProvideVerification(false, AlertDescription::kBadCertificate, now);
    return;
  }
  const bool is_good = VerifyChain(attachment, leaf.get());
  if (is_good && attachment.callbacks.retry_requested() &&
      association.facts().role == Role::kClient) {
    ERR_pop_to_mark();
    // What the callback noted until then is no verdict, though it may look like a good one.
    if (Real().SSL_get_verify_result(ssl) == X509_V_OK) {
      Real().SSL_set_verify_result(ssl, X509_V_ERR_UNSPECIFIED);
    }
    attachment.callbacks.Postpone(EventType::kVerifyPeer, Want::kVerification);
    return;
  }
  // Without SSL_VERIFY_PEER the result is only for a client's application to look at; a server
  // would not have asked.
  const bool must_be_good = association.facts().role == Role::kServer ||
                            Real().SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE;
  if (!is_good && must_be_good) {
    ERR_clear_last_mark();
    const int error = static_cast<int>(Real().SSL_get_verify_result(ssl));
    // libssl's server shows the certificates of a client only once it has accepted them.
    if (association.facts().role == Role::kServer) Forget(&objects.chain);
    association.ProvideVerification(false, AlertForVerifyError(error), now);
    return;
  }
  ERR_pop_to_mark();
  objects.certificate = leaf.release();
  if (association.facts().role == Role::kClient && !TellStaple(attachment)) return;
  if (association.facts().role == Role::kServer && !PrepareTickets(attachment, /*is_new=*/true)) {
    return;
  }
  NoteSessionData(attachment);
  association.ProvideVerification(true, AlertDescription::kCloseNotify, now);
}

}  // namespace dtls13::shim
