// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/ocsp_staple.h"

#include "shim/answer/hello_callbacks.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// What SSL_get_tlsext_status_type says where nothing is asked for.
constexpr long kNoStatus = -1;

using StatusFunction = int (*)(SSL* ssl, void* arg);

// StatusCallbackOf returns the SSL_CTX's, empty when there is none.
Callback<StatusFunction> StatusCallbackOf(SSL* ssl) {
  SSL_CTX* ctx = Real().SSL_get_SSL_CTX(ssl);
  Callback<StatusFunction> callback;
  Real().SSL_CTX_ctrl(ctx, SSL_CTRL_GET_TLSEXT_STATUS_REQ_CB, 0, &callback.function);
  Real().SSL_CTX_ctrl(ctx, SSL_CTRL_GET_TLSEXT_STATUS_REQ_CB_ARG, 0, &callback.arg);
  return callback;
}

// KeepResponse puts an OCSP response into libssl's object, which takes it over; empty is none.
void KeepResponse(SSL* ssl, const std::vector<uint8_t>& response) {
  void* copy = response.empty() ? nullptr : OPENSSL_memdup(response.data(), response.size());
  const long len = copy == nullptr ? 0 : static_cast<long>(response.size());
  Real().SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, len, copy);
}

std::vector<uint8_t> KeptResponse(SSL* ssl) {
  const uint8_t* response = nullptr;
  const long len = Real().SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_OCSP_RESP, 0, &response);
  if (response == nullptr || len <= 0) return {};
  return {response, response + len};
}

}  // namespace

bool WantsStaple(SSL* ssl) {
  return Real().SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE, 0, nullptr) ==
         TLSEXT_STATUSTYPE_ocsp;
}

bool AddStaple(SslAttachment& attachment, Credential* credential) {
  SSL* ssl = attachment.ssl();
  const bool is_wanted = attachment.association()->facts().client_hello.certificate_wishes.ocsp;
  // On a server it is the client's wish that the application finds here.
  Real().SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
                  is_wanted ? TLSEXT_STATUSTYPE_ocsp : kNoStatus, nullptr);
  const Callback<StatusFunction> callback = StatusCallbackOf(ssl);
  if (!is_wanted || !callback) return true;
  switch (callback(ssl)) {
    case SSL_TLSEXT_ERR_OK:
      credential->staples = {{.ocsp_response = KeptResponse(ssl)}};
      return true;
    case SSL_TLSEXT_ERR_NOACK:
      return true;
    default:
      FailFor(attachment, SSL_R_CLIENTHELLO_TLSEXT, AlertDescription::kInternalError);
      return false;
  }
}

bool TellStaple(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  if (!WantsStaple(ssl)) return true;
  const std::vector<CertificateStaple>& staples =
      attachment.association()->facts().peer_identity.staples;
  KeepResponse(ssl, staples.empty() ? std::vector<uint8_t>() : staples.front().ocsp_response);
  const Callback<StatusFunction> callback = StatusCallbackOf(ssl);
  if (!callback) return true;
  const int result = callback(ssl);
  if (result > 0) return true;
  if (result == 0) {
    FailFor(attachment, SSL_R_INVALID_STATUS_RESPONSE,
            AlertDescription::kBadCertificateStatusResponse);
  } else {
    FailFor(attachment, SSL_R_OCSP_CALLBACK_FAILURE, AlertDescription::kInternalError);
  }
  return false;
}

}  // namespace dtls13::shim
