#include "shim/answer/server_psks.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "shim/answer/external_psk.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/answer/resumption.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

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
  if (key_len > 0) attachment.lent().psk_identity = text.c_str();
  return true;
}

}  // namespace

bool MayKnowPsks(const SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  const CtxAttachment* ctx = attachment.ctx();
  // libcoap's ClientHello callback sets the PSK callback.
  return settings.psk_server != nullptr || settings.psk_find_session != nullptr ||
         (ctx != nullptr && ctx->callbacks.client_hello);
}

void AnswerPskWanted(SslAttachment& attachment, Instant now) {
  if (!RunHelloCallbacks(attachment, EventType::kPskWanted)) return;
  Association& association = *attachment.association();
  switch (JudgeTicket(attachment)) {
    case TicketAnswer::kFailed:
      return;
    case TicketAnswer::kResumable: {
      NoteSessionData(attachment);
      const size_t index = association.client_hello().ticket_index;
      std::shared_ptr<const Session> session = SessionToResume(attachment);
      association.ProvidePsk(index, session != nullptr ? Psk(std::move(session)) : Psk(), now);
      return;
    }
    case TicketAnswer::kDeclined:
      break;
  }
  NoteSessionData(attachment);
  const std::vector<OfferedIdentity>& offered = association.client_hello().psk_identities;
  for (size_t i = 0; i < offered.size(); ++i) {
    Psk psk;
    if (!FindSession(attachment, offered[i].identity, &psk)) return;
    if (psk.empty() && !FindKey(attachment, offered[i].identity, &psk)) return;
    if (psk.empty()) continue;
    association.ProvidePsk(i, std::move(psk), now);
    return;
  }
  association.ProvidePsk(0, Psk(), now);
}

}  // namespace dtls13::shim
