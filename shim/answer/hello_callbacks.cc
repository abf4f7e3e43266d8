// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/hello_callbacks.h"

#include <span>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/byte_reader.h"
#include "shim/answer/custom_extensions.h"
#include "shim/attachment/offered_lists.h"
#include "shim/bio/clock.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// InTurn lets `call` ask the application, unless `turn` has come and gone. A Call* is false when
// the answer has ended the association or put the question off: the turn is still the same then.
template <typename Call>
bool InTurn(SslAttachment& attachment, CallbackTurn turn, Call call) {
  if (attachment.callbacks.HasHad(turn)) return true;
  if (!call(attachment)) return false;
  attachment.callbacks.Finish(turn);
  return true;
}

bool CallClientHello(SslAttachment& attachment, EventType question) {
  const CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr || !ctx->callbacks.client_hello) return true;
  int alert = SSL_AD_INTERNAL_ERROR;
  const int result = ctx->callbacks.client_hello(attachment.ssl(), &alert);
  if (result == SSL_CLIENT_HELLO_SUCCESS) return true;
  if (result == SSL_CLIENT_HELLO_RETRY) {
    attachment.callbacks.Postpone(question, Want::kClientHelloCallback);
    return false;
  }
  FailFor(attachment, SSL_R_CALLBACK_FAILED, static_cast<AlertDescription>(alert));
  return false;
}

// CheckVersion: to libssl a server that can authenticate itself in no way of TLS 1.3 does not have
// that version.
bool CheckVersion(SslAttachment& attachment) {
  if (CanAuthenticateServer(attachment)) return true;
  FailFor(attachment, SSL_R_UNSUPPORTED_PROTOCOL, AlertDescription::kProtocolVersion);
  return false;
}

// CallProtocol asks SSL_CTX_set_alpn_select_cb's callback of the protocols that a client offers.
// One that it did not offer, which libssl would answer with, is internal_error.
bool CallProtocol(SslAttachment& attachment) {
  const CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr || !ctx->callbacks.select_protocol) return true;
  const auto extension = attachment.facts.client_hello().extensions.Find(
      ExtensionType::kApplicationLayerProtocolNegotiation);
  std::span<const uint8_t> offered;
  if (!extension || !ByteReader(*extension).ReadVector16(&offered)) return true;
  const unsigned char* selected = nullptr;
  unsigned char selected_len = 0;
  const int result =
      ctx->callbacks.select_protocol(attachment.ssl(), &selected, &selected_len, offered.data(),
                                     static_cast<unsigned int>(offered.size()));
  if (result == SSL_TLSEXT_ERR_NOACK) return true;
  if (result != SSL_TLSEXT_ERR_OK) {
    FailFor(attachment, SSL_R_NO_APPLICATION_PROTOCOL, AlertDescription::kNoApplicationProtocol);
    return false;
  }
  if (selected == nullptr || selected_len == 0) {
    FailFor(attachment, ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError);
    return false;
  }
  attachment.association()->ProvideProtocol({reinterpret_cast<const char*>(selected), selected_len},
                                            Now());
  return !attachment.failed();
}

bool CallServerName(SslAttachment& attachment) {
  const CtxAttachment* ctx = attachment.ctx();
  // The callback of an SSL_CTX that the application has switched to comes before the first one's.
  if (ctx == nullptr || !ctx->callbacks.server_name) {
    ctx = attachment.callbacks.initial_ctx();
  }
  if (ctx == nullptr || !ctx->callbacks.server_name) {
    attachment.association()->IgnoreServerName();
    return true;
  }
  int alert = SSL_AD_UNRECOGNIZED_NAME;
  const int result = ctx->callbacks.server_name(attachment.ssl(), &alert);
  if (result == SSL_TLSEXT_ERR_OK) {
    attachment.facts.AcceptServerName();
  } else {
    attachment.association()->IgnoreServerName();
  }
  // A warning is none in TLS 1.3, and is not sent.
  if (result != SSL_TLSEXT_ERR_ALERT_FATAL) return true;
  FailFor(attachment, SSL_R_CALLBACK_FAILED, static_cast<AlertDescription>(alert));
  return false;
}

bool CallCertificate(SslAttachment& attachment) {
  const Callback<CertificateFunction> callback = attachment.settings.certificate;
  if (!callback) return true;
  const int result = callback(attachment.ssl());
  if (result > 0) return true;
  if (result < 0) {
    attachment.callbacks.Postpone(EventType::kCredentialWanted, Want::kCertificateCallback);
  } else {
    const bool is_server = attachment.side() == Side::kServer;
    FailFor(attachment, is_server ? SSL_R_CERT_CB_ERROR : SSL_R_CALLBACK_FAILED,
            AlertDescription::kInternalError);
  }
  return false;
}

}  // namespace

bool RunHelloCallbacks(SslAttachment& attachment, EventType question) {
  if (EndByTicketFailure(attachment)) return false;
  const auto client_hello = [question](SslAttachment& asked) {
    asked.callbacks.set_initial_ctx(asked.ctx());
    asked.facts.set_server_name(asked.association()->facts().client_hello.server_name);
    return CallClientHello(asked, question) && CheckVersion(asked);
  };
  return InTurn(attachment, CallbackTurn::kClientHello, client_hello) &&
         InTurn(attachment, CallbackTurn::kExtensions, ParseClientExtensions) &&
         RunServerNameCallback(attachment) &&
         InTurn(attachment, CallbackTurn::kProtocol, CallProtocol);
}

bool RunServerNameCallback(SslAttachment& attachment) {
  return InTurn(attachment, CallbackTurn::kServerName, CallServerName);
}

bool RunCertificateCallback(SslAttachment& attachment) {
  return InTurn(attachment, CallbackTurn::kNewExtensions, ParseNewConnectionExtensions) &&
         InTurn(attachment, CallbackTurn::kCertificate, CallCertificate);
}

bool RunClientCertificateCallback(SslAttachment& attachment, bool* found) {
  *found = false;
  SSL* ssl = attachment.ssl();
  const auto callback = Real().SSL_CTX_get_client_cert_cb(Real().SSL_get_SSL_CTX(ssl));
  if (callback == nullptr) return true;
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  const int result = callback(ssl, &certificate, &key);
  if (result < 0) {
    attachment.callbacks.Postpone(EventType::kCredentialWanted, Want::kCertificateCallback);
    return false;
  }
  const OpenSslPtr<X509> owned_certificate(certificate);
  const OpenSslPtr<EVP_PKEY> owned_key(key);
  if (result != 1) return true;
  if (certificate == nullptr || key == nullptr) {
    Raise(SSL_R_BAD_DATA_RETURNED_BY_CALLBACK);
    return true;
  }
  *found =
      Real().SSL_use_certificate(ssl, certificate) == 1 && Real().SSL_use_PrivateKey(ssl, key) == 1;
  return true;
}

}  // namespace dtls13::shim
