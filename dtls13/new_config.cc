// SPDX-License-Identifier: Apache-2.0
#include "dtls13/new_config.h"

#include "dtls13/crypto/random_source.h"
#include "dtls13/session/cookie.h"

namespace dtls13 {

std::shared_ptr<AssociationConfig> NewConfig(OSSL_LIB_CTX* library_context,
                                             const char* property_query,
                                             RecordCrypto record_crypto) {
  std::shared_ptr<const Algorithms> algorithms =
      Algorithms::Fetch(library_context, property_query, record_crypto);
  if (algorithms == nullptr) return nullptr;
  auto config = std::make_shared<AssociationConfig>();
  config->handshake.algorithms = std::move(algorithms);
  config->handshake.random = SystemRandom(library_context);
  return config;
}

std::shared_ptr<AssociationConfig> NewServerConfig(OSSL_LIB_CTX* library_context,
                                                   const char* property_query,
                                                   RecordCrypto record_crypto) {
  std::shared_ptr<AssociationConfig> config =
      NewConfig(library_context, property_query, record_crypto);
  if (config == nullptr) return nullptr;
  HandshakeConfig& handshake = config->handshake;
  handshake.server.cookie_keys =
      CookieKeyring::Create(handshake.algorithms, handshake.random, CookieKeyring::Options());
  return config;
}

}  // namespace dtls13
