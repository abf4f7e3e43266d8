// SPDX-License-Identifier: Apache-2.0
// Sessions: which one a connection of ours has, and how one is printed.

#include <chrono>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/time.h"
#include "shim/answer/cached_sessions.h"
#include "shim/answer/failure.h"
#include "shim/answer/session_object.h"
#include "shim/answer/session_reuse.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/clock.h"
#include "shim/drive/driver.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// CurrentSession is owned by the attachment, as libssl's is by the SSL. Until the SSL is connected
// it is the one that was set for it to resume.
SSL_SESSION* CurrentSession(SslAttachment& attachment) {
  if (!attachment.connected() && attachment.lent().session == nullptr) {
    return Real().SSL_get_session(attachment.ssl());
  }
  LentObjects& objects = attachment.lent();
  objects.MakeOwedSession();
  if (objects.session == nullptr && !objects.session_refused) {
    objects.session = IssuedSession(attachment);
    if (objects.session == nullptr) objects.session = MakeSession(attachment);
  }
  return objects.session;
}

// FlushStored takes the sessions of DTLS 1.3 whose time is over at `time`, in seconds since 1970; a
// time of 0 is none, and takes all.
void FlushStored(SSL_CTX* ctx, time_t time) {
  CtxAttachment* attachment = CtxAttachment::Find(ctx);
  if (attachment == nullptr) return;
  attachment->shared.ForgetExpired(time == 0 ? WallTime::max()
                                             : WallTime(std::chrono::seconds(time)));
}

void Replace(std::string_view from, std::string_view to, std::string* text) {
  const size_t at = text->find(from);
  if (at != std::string::npos) text->replace(at, from.size(), to);
}

// PrintSession takes libssl's text and corrects what depends on a version that libssl does not
// know: it reads then as one of TLS 1.3.
int PrintSession(BIO* out, const SSL_SESSION* session) {
  OpenSslPtr<BIO> memory(BIO_new(BIO_s_mem()));
  if (memory == nullptr || Real().SSL_SESSION_print(memory.get(), session) != 1) return 0;
  char* data = nullptr;
  const long len = BIO_get_mem_data(memory.get(), &data);
  std::string text(data, len > 0 ? static_cast<size_t>(len) : 0);
  Replace("    Protocol  : unknown\n", "    Protocol  : DTLSv1.3\n", &text);
  Replace("    Master-Key: ", "    Resumption PSK: ", &text);
  if (text.find("Max Early Data") == std::string::npos) {
    text +=
        "    Max Early Data: " + std::to_string(Real().SSL_SESSION_get_max_early_data(session)) +
        "\n";
  }
  const int text_len = static_cast<int>(text.size());
  return BIO_write(out, text.data(), text_len) == text_len ? 1 : 0;
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::shim::CtxAttachment;
using dtls13::shim::Real;
using dtls13::shim::SslAttachment;

DTLS13_EXPORT SSL_SESSION* SSL_get_session(const SSL* ssl) noexcept {
  SslAttachment* ours = SslAttachment::Ours(ssl);
  return ours != nullptr ? dtls13::shim::CurrentSession(*ours) : Real().SSL_get_session(ssl);
}

DTLS13_EXPORT SSL_SESSION* SSL_get1_session(SSL* ssl) noexcept {
  SslAttachment* ours = SslAttachment::Ours(ssl);
  if (ours == nullptr) return Real().SSL_get1_session(ssl);
  SSL_SESSION* session = dtls13::shim::CurrentSession(*ours);
  if (session != nullptr) Real().SSL_SESSION_up_ref(session);
  return session;
}

DTLS13_EXPORT int SSL_set_session(SSL* ssl, SSL_SESSION* session) noexcept {
  const int result = Real().SSL_set_session(ssl, session);
  SslAttachment* ours = SslAttachment::Ours(ssl);
  if (result == 1 && ours != nullptr && ours->connected()) {
    if (session != nullptr) {
      Real().SSL_SESSION_up_ref(session);
      ours->lent().SetSession(session);
    } else {
      ours->lent().RefuseSession();
    }
  }
  return result;
}

// The ticket leaves with the next call that reads or writes, as libssl documents it.
DTLS13_EXPORT int SSL_new_session_ticket(SSL* ssl) noexcept {
  SslAttachment* ours = SslAttachment::Ours(ssl);
  if (ours == nullptr) return Real().SSL_new_session_ticket(ssl);
  if (!ours->handshake_over()) return 0;
  const bool is_sent = ours->association()->SendTicket(dtls13::shim::Now());
  if (dtls13::shim::EndByTicketFailure(*ours) || !is_sent) return 0;
  // libssl's leaves with the next call of SSL_do_handshake at the latest.
  dtls13::shim::Drive(*ours, dtls13::shim::Goal::kFlush);
  // The SSL's session is the last ticket's.
  ours->lent().SetSession(nullptr);
  return 1;
}

// What an application takes out of the cache is not to be resumed, and the cache of a server's
// sessions of DTLS 1.3 is ours.
DTLS13_EXPORT int SSL_CTX_remove_session(SSL_CTX* ctx, SSL_SESSION* session) noexcept {
  CtxAttachment* attachment = CtxAttachment::Find(ctx);
  if (attachment != nullptr && dtls13::shim::IsDtls13(session)) {
    unsigned int len = 0;
    const unsigned char* id = Real().SSL_SESSION_get_id(session, &len);
    attachment->shared.ForgetStored({id, len});
  }
  return Real().SSL_CTX_remove_session(ctx, session);
}

// What it puts there is to be.
DTLS13_EXPORT int SSL_CTX_add_session(SSL_CTX* ctx, SSL_SESSION* session) noexcept {
  CtxAttachment* attachment = CtxAttachment::Find(ctx);
  if (attachment != nullptr && dtls13::shim::IsDtls13(session)) {
    dtls13::shim::StoreSession(ctx, *attachment, session);
  }
  return Real().SSL_CTX_add_session(ctx, session);
}

DTLS13_EXPORT void SSL_CTX_flush_sessions(SSL_CTX* ctx, long time) noexcept {
  dtls13::shim::FlushStored(ctx, time);
  Real().SSL_CTX_flush_sessions(ctx, time);
}

DTLS13_EXPORT void SSL_CTX_flush_sessions_ex(SSL_CTX* ctx, time_t time) noexcept {
  dtls13::shim::FlushStored(ctx, time);
  if (Real().SSL_CTX_flush_sessions_ex != nullptr) {
    Real().SSL_CTX_flush_sessions_ex(ctx, time);
  } else {
    Real().SSL_CTX_flush_sessions(ctx, static_cast<long>(time));
  }
}

// --- What the application keeps in a session, beside what we do

DTLS13_EXPORT int SSL_SESSION_get0_ticket_appdata(SSL_SESSION* session, void** data,
                                                  size_t* len) noexcept {
  if (!dtls13::shim::IsDtls13(session)) {
    return Real().SSL_SESSION_get0_ticket_appdata(session, data, len);
  }
  const std::span<const uint8_t> found = dtls13::shim::ApplicationsData(session);
  *data = found.empty() ? nullptr : const_cast<uint8_t*>(found.data());
  *len = found.size();
  return 1;
}

DTLS13_EXPORT int SSL_SESSION_set1_ticket_appdata(SSL_SESSION* session, const void* data,
                                                  size_t len) noexcept {
  if (!dtls13::shim::IsDtls13(session)) {
    return Real().SSL_SESSION_set1_ticket_appdata(session, data, len);
  }
  const std::span<const uint8_t> given(static_cast<const uint8_t*>(data),
                                       data == nullptr ? 0 : len);
  return dtls13::shim::SetApplicationsData(session, given) ? 1 : 0;
}

DTLS13_EXPORT int SSL_SESSION_print(BIO* out, const SSL_SESSION* session) noexcept {
  return dtls13::shim::IsDtls13(session) ? dtls13::shim::PrintSession(out, session)
                                         : Real().SSL_SESSION_print(out, session);
}

DTLS13_EXPORT int SSL_SESSION_print_fp(FILE* out, const SSL_SESSION* session) noexcept {
  if (!dtls13::shim::IsDtls13(session)) return Real().SSL_SESSION_print_fp(out, session);
  dtls13::OpenSslPtr<BIO> bio(BIO_new_fp(out, BIO_NOCLOSE));
  return bio != nullptr ? dtls13::shim::PrintSession(bio.get(), session) : 0;
}
