#include "shim/answer/client_psks.h"

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "dtls13/crypto/secret.h"
#include "shim/answer/external_psk.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

std::span<const uint8_t> BytesOf(const char* text, size_t len) {
  return {reinterpret_cast<const uint8_t*>(text), len};
}

// A session that programs make for TLS 1.3 is as good: s_client knows no other version.
bool IsVersion13(const SSL_SESSION* session) {
  const int version = Real().SSL_SESSION_get_protocol_version(session);
  return version == DTLS1_3_VERSION || version == TLS1_3_VERSION;
}

std::optional<PskFailure> AskForSession(SslAttachment& attachment, Psk* psk) {
  constexpr PskFailure kBadPsk = {SSL_R_BAD_PSK, AlertDescription::kInternalError};
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

std::optional<PskFailure> AskForKey(SslAttachment& attachment, Psk* psk) {
  const auto callback = attachment.settings.psk_client;
  if (callback == nullptr) return std::nullopt;
  std::array<char, PSK_MAX_IDENTITY_LEN + 1> identity = {};
  std::array<uint8_t, PSK_MAX_PSK_LEN> key;
  const size_t key_len = callback(attachment.ssl(), /*hint=*/nullptr, identity.data(),
                                  identity.size() - 1, key.data(), key.size());
  if (key_len > key.size()) {
    Cleanse(key);
    return PskFailure{ERR_R_INTERNAL_ERROR, AlertDescription::kHandshakeFailure};
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
  if (psk->empty()) return PskFailure{ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError};
  return std::nullopt;
}

}  // namespace

std::optional<PskFailure> CollectClientPsks(SslAttachment& attachment, std::vector<Psk>* psks) {
  SslAttachment::Busy busy(attachment);
  Psk psk;
  std::optional<PskFailure> failure = AskForSession(attachment, &psk);
  if (!failure && psk.empty()) failure = AskForKey(attachment, &psk);
  if (!failure && !psk.empty()) psks->push_back(std::move(psk));
  return failure;
}

}  // namespace dtls13::shim
