#include "shim/credentials.h"

#include <optional>
#include <utility>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/signature.h"
#include "shim/certificates.h"
#include "shim/error_map.h"
#include "shim/error_mark.h"
#include "shim/query.h"
#include "shim/real_libssl.h"

namespace dtls13::shim {
namespace {

// One of libssl's certificate slots; both pointers are borrowed from the SSL.
struct Slot {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

// Slots lists the certificates that have a private key, in libssl's order. It leaves the SSL's
// current certificate changed.
std::vector<Slot> Slots(SSL* ssl) {
  std::vector<Slot> slots;
  long which = SSL_CERT_SET_FIRST;
  while (Real().SSL_ctrl(ssl, SSL_CTRL_SET_CURRENT_CERT, which, nullptr) == 1) {
    slots.push_back({Real().SSL_get_certificate(ssl), Real().SSL_get_privatekey(ssl)});
    which = SSL_CERT_SET_NEXT;
  }
  return slots;
}

// ChooseSlot returns the slot whose key can make the most wanted signature that both sides allow,
// and in `*schemes` all that it can make. Without one, the first slot, so that the association can
// say what is wrong.
std::optional<Slot> ChooseSlot(const std::vector<Slot>& slots,
                               const std::vector<uint16_t>& shared_schemes,
                               std::vector<SignatureScheme>* schemes) {
  const Slot* chosen = nullptr;
  for (uint16_t number : shared_schemes) {
    const auto scheme = static_cast<SignatureScheme>(number);
    for (const Slot& slot : slots) {
      if (chosen != nullptr && chosen != &slot) continue;
      if (!SchemeFitsKey(scheme, slot.key)) continue;
      chosen = &slot;
      schemes->push_back(scheme);
      break;
    }
  }
  if (chosen == nullptr) return slots.empty() ? std::nullopt : std::optional<Slot>(slots.front());
  return *chosen;
}

// A server that insists on a client's certificate is never content without: we do not ask for one.
bool InsistsOnClientCertificate(SSL* ssl) {
  constexpr int kInsists = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  return (Real().SSL_get_verify_mode(ssl) & kInsists) == kInsists;
}

std::shared_ptr<const Credential> MakeCredential(const SslAttachment& attachment) {
  ErrorMark mark;
  SSL* ssl = attachment.ssl();
  auto credential = std::make_shared<Credential>();
  const std::optional<Slot> slot =
      ChooseSlot(Slots(ssl), SharedSignatureSchemes(attachment), &credential->schemes);
  if (!slot) return nullptr;
  // As in libssl, the certificate in use is the current one from here on: SSL_get_certificate.
  Real().SSL_ctrl(ssl, SSL_CTRL_SELECT_CURRENT_CERT, 0, slot->certificate);
  credential->chain = CertificateChain(attachment, slot->certificate);
  return credential;
}

void FailFor(SslAttachment& attachment, int reason, AlertDescription alert) {
  Raise(reason);
  // This is the error; the association's own, that it was aborted, would be a second for it.
  attachment.failure_reported = true;
  attachment.association()->Abort(alert);
}

// Each Run* is false when the application's answer has ended the association.

bool RunClientHelloCallback(SslAttachment& attachment) {
  const CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr || ctx->callbacks.client_hello == nullptr) return true;
  int alert = SSL_AD_INTERNAL_ERROR;
  const int result =
      ctx->callbacks.client_hello(attachment.ssl(), &alert, ctx->callbacks.client_hello_arg);
  if (result == SSL_CLIENT_HELLO_SUCCESS) return true;
  FailFor(attachment, SSL_R_CALLBACK_FAILED, static_cast<AlertDescription>(alert));
  return false;
}

bool RunCertificateCallback(SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  if (settings.cert_callback == nullptr) return true;
  if (settings.cert_callback(attachment.ssl(), settings.cert_callback_arg) > 0) return true;
  FailFor(attachment, SSL_R_CERT_CB_ERROR, AlertDescription::kInternalError);
  return false;
}

}  // namespace

bool RunServerNameCallback(SslAttachment& attachment, const CtxAttachment* initial_ctx) {
  const CtxAttachment* ctx = attachment.ctx();
  // The callback of an SSL_CTX that the application has switched to comes before the first one's.
  if (ctx == nullptr || ctx->callbacks.server_name == nullptr) ctx = initial_ctx;
  if (ctx == nullptr || ctx->callbacks.server_name == nullptr) return true;
  int alert = SSL_AD_UNRECOGNIZED_NAME;
  const int result =
      ctx->callbacks.server_name(attachment.ssl(), &alert, ctx->callbacks.server_name_arg);
  // A warning is none in TLS 1.3, and is not sent.
  if (result != SSL_TLSEXT_ERR_ALERT_FATAL) return true;
  FailFor(attachment, SSL_R_CALLBACK_FAILED, static_cast<AlertDescription>(alert));
  return false;
}

void AnswerCredentialWanted(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  const CtxAttachment* initial_ctx = attachment.ctx();
  attachment.facts.set_server_name(association.client_hello().server_name);
  if (!RunClientHelloCallback(attachment) || !RunServerNameCallback(attachment, initial_ctx) ||
      !RunCertificateCallback(attachment)) {
    return;
  }
  if (InsistsOnClientCertificate(attachment.ssl())) {
    FailFor(attachment, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
            AlertDescription::kCertificateRequired);
    return;
  }
  association.ProvideCredential(MakeCredential(attachment), now);
}

void AnswerSignatureWanted(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  const SignatureRequest& request = association.signature_request();
  CtxAttachment* ctx = attachment.ctx();
  const std::shared_ptr<const Algorithms> algorithms = ctx == nullptr ? nullptr : ctx->algorithms();
  EVP_PKEY* key = Real().SSL_get_privatekey(attachment.ssl());
  std::optional<std::vector<uint8_t>> signature;
  if (algorithms != nullptr && key != nullptr) {
    signature = SignMessage(*algorithms, key, request.scheme, request.input);
  }
  association.ProvideSignature(signature.value_or(std::vector<uint8_t>()), now);
}

}  // namespace dtls13::shim
