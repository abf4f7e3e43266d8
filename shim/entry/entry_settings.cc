// SPDX-License-Identifier: Apache-2.0
// Setters that libssl has no getter for: each notes what an association will need and passes it on.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// NoteOn lets `change` at the attachment of an SSL_CTX or an SSL, if it is of a kind that has one.
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

// SetProtocols and SetSessionIdContext let libssl judge the value first, and note what it has
// taken: for the former it says so by 0.
template <typename Object, typename Setter>
int SetProtocols(Object* object, const unsigned char* list, unsigned int list_len, Setter real) {
  const int result = real(object, list, list_len);
  if (result != 0) return result;
  NoteOn(object, [&](auto& noted) { noted.settings.protocols = ParseProtocols(list, list_len); });
  return 0;
}

template <typename Object, typename Setter>
int SetSessionIdContext(Object* object, const unsigned char* context, unsigned int len,
                        Setter real) {
  const int result = real(object, context, len);
  if (result != 1) return result;
  NoteOn(object,
         [&](auto& noted) { noted.settings.session_id_context.assign(context, context + len); });
  return 1;
}

template <typename Object, typename Setter>
int SetMaxFragmentLength(Object* object, uint8_t mode, Setter real) {
  const int result = real(object, mode);
  if (result != 1) return result;
  std::optional<MaxFragmentLength> length;
  if (mode != TLSEXT_max_fragment_length_DISABLED) length = static_cast<MaxFragmentLength>(mode);
  NoteOn(object, [length](auto& noted) { noted.settings.max_fragment_length = length; });
  return 1;
}

// NoteBlockPadding notes what libssl has taken, if `result` says that it has, and returns that.
template <typename Object>
int NoteBlockPadding(Object* object, size_t data_block, size_t other_block, int result) {
  if (result != 1) return result;
  NoteOn(object, [=](auto& noted) {
    noted.settings.records.data_block = data_block == 1 ? 0 : data_block;
    noted.settings.records.other_block = other_block == 1 ? 0 : other_block;
  });
  return 1;
}

template <typename Object, typename Setter>
int SetBlockPadding(Object* object, size_t block_size, Setter real) {
  return NoteBlockPadding(object, block_size, block_size, real(object, block_size));
}

// SetBothBlockPaddings: a libssl without `real` pads whatever is its own like data.
template <typename Object, typename Setter, typename OldSetter>
int SetBothBlockPaddings(Object* object, size_t data_block, size_t other_block, Setter real,
                         OldSetter old) {
  if (real != nullptr) {
    return NoteBlockPadding(object, data_block, other_block, real(object, data_block, other_block));
  }
  if (other_block > SSL3_RT_MAX_PLAIN_LENGTH) return 0;
  return NoteBlockPadding(object, data_block, other_block, old(object, data_block));
}

void NoteDtls12Resumption(SSL* ssl) {
  NoteOn(ssl, [](SslAttachment& noted) { noted.settings.resumes_as_dtls12 = true; });
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

// --- Callbacks

// DTLS13_CALLBACK and DTLS13_CALLBACK_WITH_ARG define the entry `name`, a setter of a callback on
// an `Object` (SSL_CTX or SSL), which puts it into `place` of the object's attachment.
#define DTLS13_CALLBACK(name, Object, Function, place)                   \
  DTLS13_EXPORT void name(Object* object, Function callback) noexcept {  \
    NoteOn(object, [callback](auto& noted) { noted.place = callback; }); \
    Real().name(object, callback);                                       \
  }
#define DTLS13_CALLBACK_WITH_ARG(name, Object, Function, place)                      \
  DTLS13_EXPORT void name(Object* object, Function callback, void* arg) noexcept {   \
    NoteOn(object, [callback, arg](auto& noted) { noted.place = {callback, arg}; }); \
    Real().name(object, callback, arg);                                              \
  }

DTLS13_CALLBACK(SSL_CTX_set_cookie_generate_cb, SSL_CTX, CookieGenerateFunction,
                callbacks.cookie_generate)
DTLS13_CALLBACK(SSL_CTX_set_cookie_verify_cb, SSL_CTX, CookieVerifyFunction,
                callbacks.cookie_verify)
DTLS13_CALLBACK(SSL_CTX_set_stateless_cookie_generate_cb, SSL_CTX, StatelessCookieGenerateFunction,
                callbacks.stateless_cookie_generate)
DTLS13_CALLBACK(SSL_CTX_set_stateless_cookie_verify_cb, SSL_CTX, StatelessCookieVerifyFunction,
                callbacks.stateless_cookie_verify)
DTLS13_CALLBACK(SSL_CTX_set_psk_client_callback, SSL_CTX, SSL_psk_client_cb_func,
                settings.psk_client)
DTLS13_CALLBACK(SSL_set_psk_client_callback, SSL, SSL_psk_client_cb_func, settings.psk_client)
DTLS13_CALLBACK(SSL_CTX_set_psk_server_callback, SSL_CTX, SSL_psk_server_cb_func,
                settings.psk_server)
DTLS13_CALLBACK(SSL_set_psk_server_callback, SSL, SSL_psk_server_cb_func, settings.psk_server)
DTLS13_CALLBACK(SSL_CTX_set_psk_use_session_callback, SSL_CTX, SSL_psk_use_session_cb_func,
                settings.psk_use_session)
DTLS13_CALLBACK(SSL_set_psk_use_session_callback, SSL, SSL_psk_use_session_cb_func,
                settings.psk_use_session)
DTLS13_CALLBACK(SSL_CTX_set_psk_find_session_callback, SSL_CTX, SSL_psk_find_session_cb_func,
                settings.psk_find_session)
DTLS13_CALLBACK(SSL_set_psk_find_session_callback, SSL, SSL_psk_find_session_cb_func,
                settings.psk_find_session)
// libssl has the argument by a control of its own; see entry_ctrl.
DTLS13_CALLBACK(SSL_CTX_set_msg_callback, SSL_CTX, MessageFunction, settings.message.function)
DTLS13_CALLBACK(SSL_CTX_set_not_resumable_session_callback, SSL_CTX, NotResumableFunction,
                settings.not_resumable)
DTLS13_CALLBACK(SSL_set_not_resumable_session_callback, SSL, NotResumableFunction,
                settings.not_resumable)
// libssl has a getter for this one's.
DTLS13_CALLBACK(SSL_CTX_set_record_padding_callback, SSL_CTX, RecordPaddingFunction,
                settings.records.padding)
DTLS13_CALLBACK_WITH_ARG(SSL_CTX_set_client_hello_cb, SSL_CTX, SSL_client_hello_cb_fn,
                         callbacks.client_hello)
DTLS13_CALLBACK_WITH_ARG(SSL_CTX_set_alpn_select_cb, SSL_CTX, SSL_CTX_alpn_select_cb_func,
                         callbacks.select_protocol)
DTLS13_CALLBACK_WITH_ARG(SSL_CTX_set_cert_verify_callback, SSL_CTX, VerifyChainFunction,
                         callbacks.verify_chain)
DTLS13_CALLBACK_WITH_ARG(SSL_CTX_set_cert_cb, SSL_CTX, CertificateFunction, settings.certificate)
DTLS13_CALLBACK_WITH_ARG(SSL_set_cert_cb, SSL, CertificateFunction, settings.certificate)
DTLS13_CALLBACK_WITH_ARG(SSL_CTX_set_allow_early_data_cb, SSL_CTX, SSL_allow_early_data_cb_fn,
                         settings.allow_early_data)
DTLS13_CALLBACK_WITH_ARG(SSL_set_allow_early_data_cb, SSL, SSL_allow_early_data_cb_fn,
                         settings.allow_early_data)

#undef DTLS13_CALLBACK
#undef DTLS13_CALLBACK_WITH_ARG

DTLS13_EXPORT int SSL_set_record_padding_callback(SSL* ssl,
                                                  RecordPaddingFunction callback) noexcept {
  const int result = Real().SSL_set_record_padding_callback(ssl, callback);
  if (result != 1) return result;
  NoteOn(ssl, [callback](SslAttachment& noted) { noted.settings.records.padding = callback; });
  return 1;
}

// The message callback's setter of an SSL is SSL_callback_ctrl inside libssl, which comes back to
// the shim only where libssl calls its own exports through its PLT; so both note it.
DTLS13_EXPORT void SSL_set_msg_callback(SSL* ssl, MessageFunction callback) noexcept {
  SSL_callback_ctrl(ssl, SSL_CTRL_SET_MSG_CALLBACK, reinterpret_cast<void (*)(void)>(callback));
}

DTLS13_EXPORT void DTLS_set_timer_cb(SSL* ssl, DTLS_timer_cb callback) noexcept {
  NoteOn(ssl, [callback](SslAttachment& noted) { noted.timer.set(callback); });
  Real().DTLS_set_timer_cb(ssl, callback);
}

DTLS13_EXPORT int SSL_CTX_set_tlsext_ticket_key_evp_cb(SSL_CTX* ctx,
                                                       TicketKeyEvpFunction callback) noexcept {
  NoteOn(ctx, [callback](CtxAttachment& noted) { noted.callbacks.ticket_key_evp = callback; });
  return Real().SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, callback);
}

DTLS13_EXPORT int SSL_CTX_set_session_ticket_cb(SSL_CTX* ctx,
                                                SSL_CTX_generate_session_ticket_fn generate,
                                                SSL_CTX_decrypt_session_ticket_fn decrypt,
                                                void* arg) noexcept {
  NoteOn(ctx, [=](CtxAttachment& noted) {
    noted.callbacks.generate_ticket = generate;
    noted.callbacks.decrypt_ticket = decrypt;
    noted.callbacks.ticket_arg = arg;
  });
  return Real().SSL_CTX_set_session_ticket_cb(ctx, generate, decrypt, arg);
}

// --- Values

DTLS13_EXPORT int SSL_CTX_set_alpn_protos(SSL_CTX* ctx, const unsigned char* list,
                                          unsigned int list_len) noexcept {
  return SetProtocols(ctx, list, list_len, Real().SSL_CTX_set_alpn_protos);
}

DTLS13_EXPORT int SSL_set_alpn_protos(SSL* ssl, const unsigned char* list,
                                      unsigned int list_len) noexcept {
  return SetProtocols(ssl, list, list_len, Real().SSL_set_alpn_protos);
}

DTLS13_EXPORT int SSL_CTX_set_session_id_context(SSL_CTX* ctx, const unsigned char* context,
                                                 unsigned int len) noexcept {
  return SetSessionIdContext(ctx, context, len, Real().SSL_CTX_set_session_id_context);
}

DTLS13_EXPORT int SSL_set_session_id_context(SSL* ssl, const unsigned char* context,
                                             unsigned int len) noexcept {
  return SetSessionIdContext(ssl, context, len, Real().SSL_set_session_id_context);
}

DTLS13_EXPORT int SSL_CTX_set_tlsext_max_fragment_length(SSL_CTX* ctx, uint8_t mode) noexcept {
  return SetMaxFragmentLength(ctx, mode, Real().SSL_CTX_set_tlsext_max_fragment_length);
}

DTLS13_EXPORT int SSL_set_tlsext_max_fragment_length(SSL* ssl, uint8_t mode) noexcept {
  return SetMaxFragmentLength(ssl, mode, Real().SSL_set_tlsext_max_fragment_length);
}

DTLS13_EXPORT int SSL_CTX_set_block_padding(SSL_CTX* ctx, size_t block_size) noexcept {
  return SetBlockPadding(ctx, block_size, Real().SSL_CTX_set_block_padding);
}

DTLS13_EXPORT int SSL_set_block_padding(SSL* ssl, size_t block_size) noexcept {
  return SetBlockPadding(ssl, block_size, Real().SSL_set_block_padding);
}

DTLS13_EXPORT int SSL_CTX_set_block_padding_ex(SSL_CTX* ctx, size_t data_block,
                                               size_t handshake_block) noexcept {
  return SetBothBlockPaddings(ctx, data_block, handshake_block, Real().SSL_CTX_set_block_padding_ex,
                              Real().SSL_CTX_set_block_padding);
}

DTLS13_EXPORT int SSL_set_block_padding_ex(SSL* ssl, size_t data_block,
                                           size_t handshake_block) noexcept {
  return SetBothBlockPaddings(ssl, data_block, handshake_block, Real().SSL_set_block_padding_ex,
                              Real().SSL_set_block_padding);
}

// An SSL that is given another SSL_CTX takes over what belongs to its certificates, and no more.
DTLS13_EXPORT SSL_CTX* SSL_set_SSL_CTX(SSL* ssl, SSL_CTX* ctx) noexcept {
  SSL_CTX* const before = Real().SSL_get_SSL_CTX(ssl);
  SSL_CTX* const after = Real().SSL_set_SSL_CTX(ssl, ctx);
  SslAttachment* attachment = SslAttachment::Find(ssl);
  if (after == nullptr || after == before || attachment == nullptr) return after;
  if (const CtxAttachment* taken = CtxAttachment::FindOrCreate(after)) {
    attachment->settings.certificate = taken->settings.certificate;
    attachment->settings.custom_extensions = taken->settings.custom_extensions;
    attachment->settings.server_infos = taken->settings.server_infos;
    attachment->settings.signature_schemes = taken->settings.signature_schemes;
    attachment->settings.client_signature_schemes = taken->settings.client_signature_schemes;
    const CtxAttachment* left = CtxAttachment::Find(before);
    // A session id context that was set on the SSL itself stays.
    if (left != nullptr &&
        attachment->settings.session_id_context == left->settings.session_id_context) {
      attachment->settings.session_id_context = taken->settings.session_id_context;
    }
  }
  return after;
}

// --- Resumption as only DTLS 1.2 has it, whose callers are libssl's

DTLS13_EXPORT int SSL_set_session_ticket_ext(SSL* ssl, void* data, int len) noexcept {
  NoteDtls12Resumption(ssl);
  return Real().SSL_set_session_ticket_ext(ssl, data, len);
}

DTLS13_EXPORT int SSL_set_session_ticket_ext_cb(SSL* ssl, tls_session_ticket_ext_cb_fn callback,
                                                void* arg) noexcept {
  NoteDtls12Resumption(ssl);
  return Real().SSL_set_session_ticket_ext_cb(ssl, callback, arg);
}

DTLS13_EXPORT int SSL_set_session_secret_cb(SSL* ssl, tls_session_secret_cb_fn callback,
                                            void* arg) noexcept {
  NoteDtls12Resumption(ssl);
  return Real().SSL_set_session_secret_cb(ssl, callback, arg);
}
