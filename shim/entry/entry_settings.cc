// Setters that libssl has no getter for: each notes what an association will need and passes it on.

#include <span>
#include <string>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// Changes the notes about `ctx`, if it is of a kind that has any.
template <typename Change>
void NoteOn(SSL_CTX* ctx, Change change) {
  if (CtxAttachment* attachment = CtxAttachment::FindOrCreate(ctx)) change(*attachment);
}

template <typename Change>
void NoteOn(SSL* ssl, Change change) {
  if (SslAttachment* attachment = SslAttachment::FindOrCreate(ssl)) change(*attachment);
}

// ParseProtocols reads a list that libssl has accepted: names behind their lengths.
std::vector<std::string> ParseProtocols(const unsigned char* list, unsigned int list_len) {
  std::vector<std::string> protocols;
  ByteReader reader({list, list == nullptr ? 0 : list_len});
  std::span<const uint8_t> name;
  while (reader.ReadVector8(&name)) protocols.emplace_back(name.begin(), name.end());
  return protocols;
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::shim::CtxAttachment;
using dtls13::shim::NoteOn;
using dtls13::shim::Real;
using dtls13::shim::SslAttachment;

DTLS13_EXPORT void SSL_CTX_set_cookie_generate_cb(
    SSL_CTX* ctx,
    int (*callback)(SSL* ssl, unsigned char* cookie, unsigned int* cookie_len)) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.callbacks.cookie_generate = callback; });
  Real().SSL_CTX_set_cookie_generate_cb(ctx, callback);
}

DTLS13_EXPORT void SSL_CTX_set_cookie_verify_cb(SSL_CTX* ctx,
                                                int (*callback)(SSL* ssl,
                                                                const unsigned char* cookie,
                                                                unsigned int cookie_len)) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.callbacks.cookie_verify = callback; });
  Real().SSL_CTX_set_cookie_verify_cb(ctx, callback);
}

DTLS13_EXPORT void SSL_CTX_set_stateless_cookie_generate_cb(
    SSL_CTX* ctx, int (*callback)(SSL* ssl, unsigned char* cookie, size_t* cookie_len)) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.callbacks.stateless_cookie_generate = callback; });
  Real().SSL_CTX_set_stateless_cookie_generate_cb(ctx, callback);
}

DTLS13_EXPORT void SSL_CTX_set_stateless_cookie_verify_cb(
    SSL_CTX* ctx,
    int (*callback)(SSL* ssl, const unsigned char* cookie, size_t cookie_len)) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.callbacks.stateless_cookie_verify = callback; });
  Real().SSL_CTX_set_stateless_cookie_verify_cb(ctx, callback);
}

DTLS13_EXPORT void SSL_CTX_set_client_hello_cb(SSL_CTX* ctx, SSL_client_hello_cb_fn callback,
                                               void* arg) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) {
    noted.callbacks.client_hello = callback;
    noted.callbacks.client_hello_arg = arg;
  });
  Real().SSL_CTX_set_client_hello_cb(ctx, callback, arg);
}

DTLS13_EXPORT void SSL_CTX_set_cert_verify_callback(SSL_CTX* ctx,
                                                    int (*callback)(X509_STORE_CTX*, void*),
                                                    void* arg) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) {
    noted.callbacks.verify_chain = callback;
    noted.callbacks.verify_chain_arg = arg;
  });
  Real().SSL_CTX_set_cert_verify_callback(ctx, callback, arg);
}

DTLS13_EXPORT void SSL_CTX_set_cert_cb(SSL_CTX* ctx, int (*callback)(SSL* ssl, void* arg),
                                       void* arg) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) {
    noted.settings.cert_callback = callback;
    noted.settings.cert_callback_arg = arg;
  });
  Real().SSL_CTX_set_cert_cb(ctx, callback, arg);
}

DTLS13_EXPORT void SSL_set_cert_cb(SSL* ssl, int (*callback)(SSL* ssl, void* arg),
                                   void* arg) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) {
    noted.settings.cert_callback = callback;
    noted.settings.cert_callback_arg = arg;
  });
  Real().SSL_set_cert_cb(ssl, callback, arg);
}

// Both return 0 for success.
DTLS13_EXPORT int SSL_CTX_set_alpn_protos(SSL_CTX* ctx, const unsigned char* list,
                                          unsigned int list_len) noexcept {
  const int result = Real().SSL_CTX_set_alpn_protos(ctx, list, list_len);
  if (result != 0) return result;
  NoteOn(ctx, [&](CtxAttachment& noted) {
    noted.settings.protocols = dtls13::shim::ParseProtocols(list, list_len);
  });
  return 0;
}

DTLS13_EXPORT int SSL_set_alpn_protos(SSL* ssl, const unsigned char* list,
                                      unsigned int list_len) noexcept {
  const int result = Real().SSL_set_alpn_protos(ssl, list, list_len);
  if (result != 0) return result;
  NoteOn(ssl, [&](SslAttachment& noted) {
    noted.settings.protocols = dtls13::shim::ParseProtocols(list, list_len);
  });
  return 0;
}

DTLS13_EXPORT void SSL_CTX_set_alpn_select_cb(SSL_CTX* ctx, SSL_CTX_alpn_select_cb_func callback,
                                              void* arg) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) {
    noted.callbacks.select_protocol = callback;
    noted.callbacks.select_protocol_arg = arg;
  });
  Real().SSL_CTX_set_alpn_select_cb(ctx, callback, arg);
}

DTLS13_EXPORT void SSL_CTX_set_psk_client_callback(SSL_CTX* ctx,
                                                   SSL_psk_client_cb_func callback) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.settings.psk_client = callback; });
  Real().SSL_CTX_set_psk_client_callback(ctx, callback);
}

DTLS13_EXPORT void SSL_set_psk_client_callback(SSL* ssl, SSL_psk_client_cb_func callback) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) { noted.settings.psk_client = callback; });
  Real().SSL_set_psk_client_callback(ssl, callback);
}

DTLS13_EXPORT void SSL_CTX_set_psk_server_callback(SSL_CTX* ctx,
                                                   SSL_psk_server_cb_func callback) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.settings.psk_server = callback; });
  Real().SSL_CTX_set_psk_server_callback(ctx, callback);
}

DTLS13_EXPORT void SSL_set_psk_server_callback(SSL* ssl, SSL_psk_server_cb_func callback) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) { noted.settings.psk_server = callback; });
  Real().SSL_set_psk_server_callback(ssl, callback);
}

DTLS13_EXPORT void SSL_CTX_set_psk_use_session_callback(
    SSL_CTX* ctx, SSL_psk_use_session_cb_func callback) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.settings.psk_use_session = callback; });
  Real().SSL_CTX_set_psk_use_session_callback(ctx, callback);
}

DTLS13_EXPORT void SSL_set_psk_use_session_callback(SSL* ssl,
                                                    SSL_psk_use_session_cb_func callback) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) { noted.settings.psk_use_session = callback; });
  Real().SSL_set_psk_use_session_callback(ssl, callback);
}

DTLS13_EXPORT void SSL_CTX_set_psk_find_session_callback(
    SSL_CTX* ctx, SSL_psk_find_session_cb_func callback) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.settings.psk_find_session = callback; });
  Real().SSL_CTX_set_psk_find_session_callback(ctx, callback);
}

DTLS13_EXPORT void SSL_set_psk_find_session_callback(
    SSL* ssl, SSL_psk_find_session_cb_func callback) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) { noted.settings.psk_find_session = callback; });
  Real().SSL_set_psk_find_session_callback(ssl, callback);
}

// The message callback's setter is SSL_callback_ctrl inside libssl, which comes back here only
// where libssl calls its own exports through its PLT; so both note it.
DTLS13_EXPORT void SSL_CTX_set_msg_callback(
    SSL_CTX* ctx, void (*callback)(int write_p, int version, int content_type, const void* buf,
                                   size_t len, SSL* ssl, void* arg)) noexcept {
  NoteOn(ctx, [&](CtxAttachment& noted) { noted.settings.message_callback = callback; });
  Real().SSL_CTX_set_msg_callback(ctx, callback);
}

DTLS13_EXPORT void SSL_set_msg_callback(SSL* ssl,
                                        void (*callback)(int write_p, int version, int content_type,
                                                         const void* buf, size_t len, SSL* ssl,
                                                         void* arg)) noexcept {
  SSL_callback_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK, reinterpret_cast<void (*)(void)>(callback));
}

DTLS13_EXPORT int SSL_CTX_set_session_id_context(SSL_CTX* ctx, const unsigned char* context,
                                                 unsigned int len) noexcept {
  const int result = Real().SSL_CTX_set_session_id_context(ctx, context, len);
  if (result == 1) {
    NoteOn(ctx, [&](CtxAttachment& noted) {
      noted.settings.session_id_context.assign(context, context + len);
    });
  }
  return result;
}

DTLS13_EXPORT int SSL_set_session_id_context(SSL* ssl, const unsigned char* context,
                                             unsigned int len) noexcept {
  const int result = Real().SSL_set_session_id_context(ssl, context, len);
  if (result == 1) {
    NoteOn(ssl, [&](SslAttachment& noted) {
      noted.settings.session_id_context.assign(context, context + len);
    });
  }
  return result;
}

DTLS13_EXPORT void DTLS_set_timer_cb(SSL* ssl, DTLS_timer_cb callback) noexcept {
  NoteOn(ssl, [&](SslAttachment& noted) { noted.timer.set(callback); });
  Real().DTLS_set_timer_cb(ssl, callback);
}

// An SSL that is given another SSL_CTX takes over what belongs to its certificates, and no more.
DTLS13_EXPORT SSL_CTX* SSL_set_SSL_CTX(SSL* ssl, SSL_CTX* ctx) noexcept {
  SSL_CTX* const before = Real().SSL_get_SSL_CTX(ssl);
  SSL_CTX* const after = Real().SSL_set_SSL_CTX(ssl, ctx);
  SslAttachment* attachment = SslAttachment::Find(ssl);
  if (after == nullptr || after == before || attachment == nullptr) return after;
  if (const CtxAttachment* taken = CtxAttachment::FindOrCreate(after)) {
    attachment->settings.cert_callback = taken->settings.cert_callback;
    attachment->settings.cert_callback_arg = taken->settings.cert_callback_arg;
    attachment->settings.signature_schemes = taken->settings.signature_schemes;
    attachment->settings.client_signature_schemes = taken->settings.client_signature_schemes;
    const CtxAttachment* left = CtxAttachment::Find(before);
    // One that was set on the SSL itself stays.
    if (left != nullptr &&
        attachment->settings.session_id_context == left->settings.session_id_context) {
      attachment->settings.session_id_context = taken->settings.session_id_context;
    }
  }
  return after;
}
