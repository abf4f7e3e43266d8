#include "dtls13/crypto/hmac.h"

#include <openssl/evp.h>

namespace dtls13 {

OpenSslPtr<EVP_MAC_CTX> KeyedHmac(const Algorithms& algorithms, HashId hash,
                                  std::span<const uint8_t> key) {
  const EVP_MAC_CTX* prepared = algorithms.hmac(hash);
  if (prepared == nullptr || key.empty()) return nullptr;
  // Duplicated and then keyed without parameters: a digest named in the parameters of EVP_MAC_init
  // would be fetched anew.
  OpenSslPtr<EVP_MAC_CTX> context(EVP_MAC_CTX_dup(prepared));
  if (!context || EVP_MAC_init(context.get(), key.data(), key.size(), nullptr) != 1) return nullptr;
  return context;
}

std::optional<HashValue> Hmac(const Algorithms& algorithms, HashId hash,
                              std::span<const uint8_t> key,
                              std::initializer_list<std::span<const uint8_t>> parts) {
  OpenSslPtr<EVP_MAC_CTX> context = KeyedHmac(algorithms, hash, key);
  if (!context) return std::nullopt;
  for (std::span<const uint8_t> part : parts) {
    if (EVP_MAC_update(context.get(), part.data(), part.size()) != 1) return std::nullopt;
  }
  HashValue value;
  if (EVP_MAC_final(context.get(), value.bytes.data(), &value.len, value.bytes.size()) != 1) {
    return std::nullopt;
  }
  return value;
}

std::optional<HashValue> HmacSha256(const Algorithms& algorithms, std::span<const uint8_t> key,
                                    std::initializer_list<std::span<const uint8_t>> parts) {
  return Hmac(algorithms, HashId::kSha256, key, parts);
}

}  // namespace dtls13
