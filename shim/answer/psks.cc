// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/psks.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "dtls13/crypto/secret.h"
#include "shim/answer/application_tickets.h"
#include "shim/answer/custom_extensions.h"
#include "shim/answer/session_reuse.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

struct SessionFree {
  void operator()(SSL_SESSION* session) const { Real().SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

std::optional<HashId> HashOf(const SSL_SESSION& session) {
  const SSL_CIPHER* cipher = Real().SSL_SESSION_get0_cipher(&session);
  const EVP_MD* digest =
      cipher == nullptr ? nullptr : Real().SSL_CIPHER_get_handshake_digest(cipher);
  if (digest == nullptr) return std::nullopt;
  // By number: libssl's digest here is of no library context, and the default one may know no
  // names.
  switch (EVP_MD_get_type(digest)) {
    case NID_sha256:
      return HashId::kSha256;
    case NID_sha384:
      return HashId::kSha384;
    default:
      return std::nullopt;
  }
}

Psk MakePsk(std::span<const uint8_t> key, std::span<const uint8_t> identity, HashId hash) {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity.assign(identity.begin(), identity.end());
  psk->key = PskKey::CopyOf(key);
  psk->hash = hash;
  return Psk(std::move(psk));
}

// PskFromSession makes a key out of what the session-style PSK callbacks hand over: the session's
// master key, for the hash of its cipher suite. An empty Psk when it has no key, no suite, or a
// hash that DTLS 1.3 does not use. It does not look at the session's version.
Psk PskFromSession(const SSL_SESSION& session, std::span<const uint8_t> identity) {
  const std::optional<HashId> hash = HashOf(session);
  std::vector<uint8_t> key(Real().SSL_SESSION_get_master_key(&session, nullptr, 0));
  if (!hash || key.empty()) return Psk();
  Real().SSL_SESSION_get_master_key(&session, key.data(), key.size());
  Psk psk = MakePsk(key, identity, *hash);
  Cleanse(key);
  return psk;
}

// PskFromBytes makes one out of what the callbacks of TLS 1.2 hand over. They name no hash, so it
// is SHA-256 (RFC 8446 section 4.2.11).
Psk PskFromBytes(std::span<const uint8_t> key, std::span<const uint8_t> identity) {
  return MakePsk(key, identity, HashId::kSha256);
}

// --- Client

std::span<const uint8_t> BytesOf(const char* text, size_t len) {
  return {reinterpret_cast<const uint8_t*>(text), len};
}

// A session that programs make for TLS 1.3 is as good: s_client knows no other version.
bool IsVersion13(const SSL_SESSION* session) {
  const int version = Real().SSL_SESSION_get_protocol_version(session);
  return version == DTLS1_3_VERSION || version == TLS1_3_VERSION;
}

std::optional<HelloFailure> AskForSession(SslAttachment& attachment, Psk* psk) {
  constexpr HelloFailure kBadPsk = {SSL_R_BAD_PSK, AlertDescription::kInternalError};
  const auto callback = attachment.settings.psk_use_session;
  if (callback == nullptr) return std::nullopt;
  const unsigned char* identity = nullptr;
  size_t identity_len = 0;
  SSL_SESSION* given = nullptr;
  const int result = callback(attachment.ssl(), /*md=*/nullptr, &identity, &identity_len, &given);
  const SessionPtr session(given);
  if (result == 0) return kBadPsk;
  if (session == nullptr) return std::nullopt;
  if (!IsVersion13(session.get())) return kBadPsk;
  *psk = PskFromSession(*session, std::span(identity, identity_len));
  if (psk->empty()) return kBadPsk;
  return std::nullopt;
}

std::optional<HelloFailure> AskForKey(SslAttachment& attachment, Psk* psk) {
  const auto callback = attachment.settings.psk_client;
  if (callback == nullptr) return std::nullopt;
  std::array<char, PSK_MAX_IDENTITY_LEN + 1> identity = {};
  std::array<uint8_t, PSK_MAX_PSK_LEN> key;
  const size_t key_len = callback(attachment.ssl(), /*hint=*/nullptr, identity.data(),
                                  identity.size() - 1, key.data(), key.size());
  if (key_len > key.size()) {
    Cleanse(key);
    return HelloFailure{ERR_R_INTERNAL_ERROR, AlertDescription::kHandshakeFailure};
  }
  if (key_len == 0) {
    Cleanse(key);
    return std::nullopt;
  }
  const size_t identity_len = strnlen(identity.data(), identity.size());
  if (identity_len < identity.size()) {
    *psk = PskFromBytes(std::span(key).first(key_len), BytesOf(identity.data(), identity_len));
    attachment.lent().psk_identity.assign(identity.data(), identity_len);
  }
  Cleanse(key);
  if (psk->empty()) return HelloFailure{ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError};
  return std::nullopt;
}

// --- Server

// Each Find* leaves `*psk` empty for an identity that is not known, and is false when the
// application's answer has ended the association.

bool FindSession(SslAttachment& attachment, const std::vector<uint8_t>& identity, Psk* psk) {
  const auto callback = attachment.settings.psk_find_session;
  if (callback == nullptr) return true;
  SSL_SESSION* given = nullptr;
  const int result = callback(attachment.ssl(), identity.data(), identity.size(), &given);
  const SessionPtr session(given);
  if (result == 0) {
    FailFor(attachment, SSL_R_BAD_EXTENSION, AlertDescription::kInternalError);
    return false;
  }
  if (session == nullptr) return true;
  *psk = PskFromSession(*session, identity);
  if (!psk->empty()) return true;
  FailFor(attachment, ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError);
  return false;
}

bool FindKey(SslAttachment& attachment, const std::vector<uint8_t>& identity, Psk* psk) {
  const auto callback = attachment.settings.psk_server;
  if (callback == nullptr || identity.size() > PSK_MAX_IDENTITY_LEN) return true;
  // The callback reads as far as the first NUL, as it does in libssl.
  const std::string text(identity.begin(), identity.end());
  std::array<uint8_t, PSK_MAX_PSK_LEN> key;
  const size_t key_len = callback(attachment.ssl(), text.c_str(), key.data(), key.size());
  if (key_len > key.size()) {
    Cleanse(key);
    FailFor(attachment, ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError);
    return false;
  }
  if (key_len > 0) *psk = PskFromBytes(std::span(key).first(key_len), identity);
  Cleanse(key);
  if (key_len > 0) attachment.lent().psk_identity = text.substr(0, text.find('\0'));
  return true;
}

// ReadyToAnswer does what comes before a key that is no session's.
bool ReadyToAnswer(SslAttachment& attachment) {
  if (!PrepareTickets(attachment, /*is_new=*/true)) return false;
  NoteSessionData(attachment);
  return AddServerExtensions(attachment, /*is_resumed=*/true);
}

void Resume(SslAttachment& attachment, Instant now) {
  Association& association = *attachment.association();
  const size_t index = association.facts().client_hello.ticket_index;
  if (!PrepareTickets(attachment, /*is_new=*/false)) return;
  NoteSessionData(attachment);
  std::shared_ptr<const Session> session = SessionToResume(attachment);
  if (!AddServerExtensions(attachment, /*is_resumed=*/true)) return;
  association.ProvidePsk(index, session != nullptr ? Psk(std::move(session)) : Psk(), now);
}

}  // namespace

std::optional<HelloFailure> CollectClientPsks(SslAttachment& attachment, std::vector<Psk>* psks) {
  SslAttachment::Busy busy(attachment);
  Psk psk;
  std::optional<HelloFailure> failure = AskForSession(attachment, &psk);
  if (!failure && psk.empty()) failure = AskForKey(attachment, &psk);
  if (!failure && !psk.empty()) psks->push_back(std::move(psk));
  return failure;
}

bool MayKnowPsks(const SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  const CtxAttachment* ctx = attachment.ctx();
  // libcoap's ClientHello callback sets the PSK callback.
  return settings.psk_server != nullptr || settings.psk_find_session != nullptr ||
         WantsVerdicts(attachment) || (ctx != nullptr && ctx->callbacks.client_hello);
}

void AnswerPskWanted(SslAttachment& attachment, Instant now) {
  if (!RunHelloCallbacks(attachment, EventType::kPskWanted)) return;
  Association& association = *attachment.association();
  // A copy: a callback may end the association, and with it the hello.
  const std::vector<OfferedIdentity> offered = association.facts().client_hello.psk_identities;
  const bool has_ticket = association.facts().client_hello.ticket_session != nullptr;
  const size_t ticket_index = association.facts().client_hello.ticket_index;
  // As libssl has it, each key and each ticket says whether tickets are sent.
  attachment.tickets.SetRenews(offered.empty());
  for (size_t i = 0; i < offered.size(); ++i) {
    const bool is_ticket = has_ticket && i == ticket_index;
    if (is_ticket) {
      const TicketAnswer answer = JudgeTicket(attachment);
      if (answer == TicketAnswer::kResumable) Resume(attachment, now);
      if (answer != TicketAnswer::kDeclined) return;
    }
    Psk psk;
    if (!FindSession(attachment, offered[i].identity, &psk)) return;
    if (psk.empty() && !FindKey(attachment, offered[i].identity, &psk)) return;
    if (!psk.empty()) {
      attachment.tickets.SetRenews(true);
      if (ReadyToAnswer(attachment)) association.ProvidePsk(i, std::move(psk), now);
      return;
    }
    if (!is_ticket && !JudgeUnopened(attachment, offered[i])) return;
  }
  association.ProvidePsk(0, Psk(), now);
}

}  // namespace dtls13::shim
