#include "shim/answer/external_psk.h"

#include <optional>
#include <utility>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

std::optional<HashId> HashOf(const SSL_SESSION& session) {
  const SSL_CIPHER* cipher = Real().SSL_SESSION_get0_cipher(&session);
  const EVP_MD* digest =
      cipher == nullptr ? nullptr : Real().SSL_CIPHER_get_handshake_digest(cipher);
  if (digest == nullptr) return std::nullopt;
  if (EVP_MD_is_a(digest, "SHA2-256")) return HashId::kSha256;
  if (EVP_MD_is_a(digest, "SHA2-384")) return HashId::kSha384;
  return std::nullopt;
}

Psk MakePsk(std::span<const uint8_t> key, std::span<const uint8_t> identity, HashId hash) {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity.assign(identity.begin(), identity.end());
  psk->key = PskKey::CopyOf(key);
  psk->hash = hash;
  return Psk(std::move(psk));
}

}  // namespace

void SessionFree::operator()(SSL_SESSION* session) const { Real().SSL_SESSION_free(session); }

Psk PskFromSession(const SSL_SESSION& session, std::span<const uint8_t> identity) {
  const std::optional<HashId> hash = HashOf(session);
  std::vector<uint8_t> key(Real().SSL_SESSION_get_master_key(&session, nullptr, 0));
  if (!hash || key.empty()) return Psk();
  Real().SSL_SESSION_get_master_key(&session, key.data(), key.size());
  Psk psk = MakePsk(key, identity, *hash);
  Cleanse(key);
  return psk;
}

Psk PskFromBytes(std::span<const uint8_t> key, std::span<const uint8_t> identity) {
  return MakePsk(key, identity, HashId::kSha256);
}

}  // namespace dtls13::shim
