// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/hmac.h"

#include <openssl/evp.h>

namespace dtls13 {

OpenSslPtr<EVP_MAC_CTX> NewHmac(const Algorithms& algorithms, HashId hash) {
  const EVP_MAC_CTX* prepared = algorithms.hmac(hash);
  return OpenSslPtr<EVP_MAC_CTX>(prepared != nullptr ? EVP_MAC_CTX_dup(prepared) : nullptr);
}

bool KeyHmac(EVP_MAC_CTX* context, std::span<const uint8_t> key) {
  // Without parameters: a digest named in those of EVP_MAC_init would be fetched anew.
  return !key.empty() && EVP_MAC_init(context, key.data(), key.size(), nullptr) == 1;
}

std::optional<HashValue> Hmac(const Algorithms& algorithms, HashId hash,
                              std::span<const uint8_t> key,
                              std::initializer_list<std::span<const uint8_t>> parts) {
  std::optional<HmacContext> context = HmacContext::Create(algorithms, hash);
  return context ? context->Compute(key, parts) : std::nullopt;
}

std::optional<HmacContext> HmacContext::Create(const Algorithms& algorithms, HashId hash) {
  OpenSslPtr<EVP_MAC_CTX> context = NewHmac(algorithms, hash);
  if (!context) return std::nullopt;
  return HmacContext(std::move(context));
}

std::optional<HashValue> HmacContext::Compute(
    std::span<const uint8_t> key, std::initializer_list<std::span<const uint8_t>> parts) {
  if (!KeyHmac(context_.get(), key)) return std::nullopt;
  for (std::span<const uint8_t> part : parts) {
    if (EVP_MAC_update(context_.get(), part.data(), part.size()) != 1) return std::nullopt;
  }
  HashValue value;
  if (EVP_MAC_final(context_.get(), value.bytes.data(), &value.len, value.bytes.size()) != 1) {
    return std::nullopt;
  }
  return value;
}

}  // namespace dtls13
