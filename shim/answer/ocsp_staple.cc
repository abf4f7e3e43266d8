// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/ocsp_staple.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <span>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/libssl/error_mark.h"
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

using Responders = STACK_OF(OCSP_RESPID);

Responders* KeptResponders(SSL* ssl) {
  Responders* responders = nullptr;
  Real().SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_IDS, 0, &responders);
  return responders;
}

X509_EXTENSIONS* KeptExtensions(SSL* ssl) {
  X509_EXTENSIONS* extensions = nullptr;
  Real().SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_EXTS, 0, &extensions);
  return extensions;
}

// DerOf is empty when libcrypto fails.
template <typename Object>
std::vector<uint8_t> DerOf(const Object* object,
                           int (*i2d)(const Object* object, unsigned char** out)) {
  const int len = i2d(object, nullptr);
  std::vector<uint8_t> der(len > 0 ? static_cast<size_t>(len) : 0);
  unsigned char* out = der.data();
  if (!der.empty() && i2d(object, &out) != len) der.clear();
  return der;
}

// KeepRequest puts what a client's status_request says of its responders, and the extensions of its
// request, into libssl's object, where the application finds them. What is no DER is left out.
void KeepRequest(SSL* ssl, const ExtensionBlock& hello) {
  // libssl's setters take over what they are given, and free nothing.
  sk_OCSP_RESPID_pop_free(KeptResponders(ssl), OCSP_RESPID_free);
  sk_X509_EXTENSION_pop_free(KeptExtensions(ssl), X509_EXTENSION_free);
  Responders* responders = nullptr;
  X509_EXTENSIONS* extensions = nullptr;
  const auto data = hello.Find(ExtensionType::kStatusRequest);
  std::span<const uint8_t> ids, der;
  uint8_t type = 0;
  ByteReader reader(data.value_or(std::span<const uint8_t>()));
  if (reader.ReadU8(&type) && type == TLSEXT_STATUSTYPE_ocsp && reader.ReadVector16(&ids) &&
      reader.ReadVector16(&der)) {
    ErrorMark mark;
    ByteReader list(ids);
    std::span<const uint8_t> id;
    while (list.ReadVector16(&id)) {
      const unsigned char* next = id.data();
      OCSP_RESPID* responder = d2i_OCSP_RESPID(nullptr, &next, static_cast<long>(id.size()));
      if (responder == nullptr) continue;
      if (responders == nullptr) responders = sk_OCSP_RESPID_new_null();
      if (responders == nullptr || sk_OCSP_RESPID_push(responders, responder) <= 0) {
        OCSP_RESPID_free(responder);
      }
    }
    const unsigned char* next = der.data();
    if (!der.empty()) {
      extensions = d2i_X509_EXTENSIONS(nullptr, &next, static_cast<long>(der.size()));
    }
  }
  Real().SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_IDS, 0, responders);
  Real().SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_EXTS, 0, extensions);
}

}  // namespace

bool WantsStaple(SSL* ssl) {
  return Real().SSL_ctrl(ssl, SSL_CTRL_GET_TLSEXT_STATUS_REQ_TYPE, 0, nullptr) ==
         TLSEXT_STATUSTYPE_ocsp;
}

void AskForStaple(SSL* ssl, HandshakeConfig* handshake) {
  handshake->request_ocsp = WantsStaple(ssl);
  if (!handshake->request_ocsp) return;
  ErrorMark mark;
  const Responders* responders = KeptResponders(ssl);
  for (int i = 0; i < sk_OCSP_RESPID_num(responders); ++i) {
    handshake->ocsp_responders.push_back(
        DerOf<OCSP_RESPID>(sk_OCSP_RESPID_value(responders, i), i2d_OCSP_RESPID));
  }
  if (const X509_EXTENSIONS* extensions = KeptExtensions(ssl)) {
    handshake->ocsp_extensions = DerOf<X509_EXTENSIONS>(extensions, i2d_X509_EXTENSIONS);
  }
}

bool AddStaple(SslAttachment& attachment, Credential* credential) {
  SSL* ssl = attachment.ssl();
  const bool is_wanted = attachment.association()->facts().client_hello.certificate_wishes.ocsp;
  // On a server it is the client's wish that the application finds here.
  Real().SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_TYPE,
                  is_wanted ? TLSEXT_STATUSTYPE_ocsp : kNoStatus, nullptr);
  KeepRequest(ssl, attachment.facts.client_hello().extensions);
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
