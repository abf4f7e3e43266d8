// SPDX-License-Identifier: Apache-2.0
// The entries that bring a connection up, and those that ask how far it is.

#include <memory>
#include <utility>

#include "shim/attachment/ownership.h"
#include "shim/attachment/settled_ssls.h"
#include "shim/bio/bio_transport.h"
#include "shim/drive/association_setup.h"
#include "shim/drive/first_hello.h"
#include "shim/drive/key_update.h"
#include "shim/drive/run_handshake.h"
#include "shim/fallback/libssl_call.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/handshake_state.h"
#include "shim/libssl/outcome.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

using HandshakeFunction = int (*)(SSL* ssl);

int Handshake(SSL* ssl, HandshakeFunction real) {
  if (SslAttachment* attachment = Decide(ssl)) {
    const Outcome outcome = RunHandshake(*attachment);
    if (outcome != Outcome::kIsLibssls) return ReturnValue(outcome);
  }
  LibsslCall call(ssl);
  return real(ssl);
}

// IsInHandshake: to libssl a KeyUpdate that has not left is a handshake too.
bool IsInHandshake(const SslAttachment& attachment) {
  return !attachment.is_up() || OwesKeyUpdate(attachment);
}

void SetSide(SSL* ssl, Side side) {
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  // A connection cannot begin anew in the middle of its own work.
  if (attachment == nullptr || attachment->busy()) return;
  // On a connection of ours it means the same as in libssl: begin anew. So it does on a client's
  // that fell back, whose next server may have more.
  const bool fell_back =
      attachment->owner() == Owner::kLibssl && attachment->side() == Side::kClient;
  if (attachment->owner() == Owner::kOurs || fell_back) ForgetConnection(*attachment);
  // What libssl begins anew is a handshake again, around which there is something to do.
  SettledSsls::Remove(ssl);
  attachment->TakeSide(side);
}

// BeginListening clears an SSL for listening, unless a call of libssl's own is what listens. False
// while the SSL is busy.
bool BeginListening(SSL* ssl) {
  SslAttachment* attachment = SslAttachment::Find(ssl);
  return attachment == nullptr || attachment->in_libssl() || ClearForListening(*attachment);
}

int Listen(SslAttachment& attachment, BIO_ADDR* client) {
  SSL* ssl = attachment.ssl();
  if (!HasReadBio(ssl) || !HasWriteBio(ssl)) {
    Raise(SSL_R_BIO_NOT_SET);
    return -1;
  }
  const std::shared_ptr<const AssociationConfig> config = BuildConfig(attachment);
  if (config == nullptr) return -1;
  for (;;) {
    switch (ReceiveFirstHello(attachment, config, CookieMode::kListen, /*one_datagram=*/false)) {
      case Outcome::kDone: {
        Real().SSL_set_options(ssl, SSL_OP_COOKIE_EXCHANGE);
        if (!ReadPeer(ssl, client)) BIO_ADDR_clear(client);
        if (!SharesBio(ssl)) SetPeer(ssl, attachment.kept_hello.peer());
        return 1;
      }
      case Outcome::kIsLibssls: {
        const Outcome listened = ListenAsLibssl(attachment, client);
        if (listened == Outcome::kIsLibssls) return 1;
        if (listened != Outcome::kIgnored) return -1;
        break;
      }
      case Outcome::kWouldBlock:
        return 0;
      default:
        return -1;
    }
  }
}

int Stateless(SslAttachment& attachment) {
  const std::shared_ptr<const AssociationConfig> config = BuildConfig(attachment);
  if (config == nullptr) return -1;
  switch (ReceiveFirstHello(attachment, config, CookieMode::kStateless, /*one_datagram=*/true)) {
    case Outcome::kDone:
      return 1;
    case Outcome::kAnswered:
      return 0;
    case Outcome::kIsLibssls:
      attachment.kept_hello.TakeDatagram();
      Raise(SSL_R_UNSUPPORTED_PROTOCOL);
      return -1;
    default:
      return -1;
  }
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT int SSL_do_handshake(SSL* ssl) noexcept {
  return Handshake(ssl, Real().SSL_do_handshake);
}

DTLS13_EXPORT int SSL_connect(SSL* ssl) noexcept {
  DefaultSide(ssl, Side::kClient);
  return Handshake(ssl, Real().SSL_connect);
}

DTLS13_EXPORT int SSL_accept(SSL* ssl) noexcept {
  DefaultSide(ssl, Side::kServer);
  return Handshake(ssl, Real().SSL_accept);
}

DTLS13_EXPORT void SSL_set_connect_state(SSL* ssl) noexcept {
  SetSide(ssl, Side::kClient);
  Real().SSL_set_connect_state(ssl);
}

DTLS13_EXPORT void SSL_set_accept_state(SSL* ssl) noexcept {
  SetSide(ssl, Side::kServer);
  Real().SSL_set_accept_state(ssl);
}

DTLS13_EXPORT int DTLSv1_listen(SSL* ssl, BIO_ADDR* client) noexcept {
  DefaultSide(ssl, Side::kServer);
  if (!BeginListening(ssl)) return -1;
  if (SslAttachment* attachment = Decide(ssl)) return Listen(*attachment, client);
  LibsslCall call(ssl);
  return Real().DTLSv1_listen(ssl, client);
}

DTLS13_EXPORT int SSL_stateless(SSL* ssl) noexcept {
  DefaultSide(ssl, Side::kServer);
  if (!BeginListening(ssl)) return -1;
  if (SslAttachment* attachment = Decide(ssl)) return Stateless(*attachment);
  LibsslCall call(ssl);
  return Real().SSL_stateless(ssl);
}

DTLS13_EXPORT OSSL_HANDSHAKE_STATE SSL_get_state(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr ? attachment->progress().handshake.state()
                               : Real().SSL_get_state(ssl);
}

DTLS13_EXPORT int SSL_in_init(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr) return Real().SSL_in_init(ssl);
  return IsInHandshake(*attachment) ? 1 : 0;
}

DTLS13_EXPORT int SSL_is_init_finished(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr) return Real().SSL_is_init_finished(ssl);
  return IsInHandshake(*attachment) ? 0 : 1;
}

DTLS13_EXPORT int SSL_in_before(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr) return Real().SSL_in_before(ssl);
  return attachment->association() == nullptr ? 1 : 0;
}

DTLS13_EXPORT const char* SSL_state_string_long(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr) return Real().SSL_state_string_long(ssl);
  return attachment->failed() ? "error" : StateStringLong(attachment->progress().handshake.state());
}

DTLS13_EXPORT const char* SSL_state_string(const SSL* ssl) noexcept {
  const SslAttachment* attachment = SslAttachment::Ours(ssl);
  if (attachment == nullptr) return Real().SSL_state_string(ssl);
  return attachment->failed() ? "SSLERR" : StateString(attachment->progress().handshake.state());
}
