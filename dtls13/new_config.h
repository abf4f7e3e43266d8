// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_NEW_CONFIG_H_
#define DTLS13_NEW_CONFIG_H_

#include <memory>

#include "dtls13/association_config.h"
#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/record_crypto.h"

namespace dtls13 {

// NewConfig is a config with the algorithms of one OSSL_LIB_CTX under one property query, as
// Algorithms::Fetch has them, and its randomness: what every association needs. All else is as
// AssociationConfig says, and the caller's to change. Null where libcrypto has no SHA-256 or HMAC,
// without which nothing works.
std::shared_ptr<AssociationConfig> NewConfig(OSSL_LIB_CTX* library_context = nullptr,
                                             const char* property_query = nullptr,
                                             RecordCrypto record_crypto = RecordCrypto::kLibcrypto);

// NewServerConfig has keys for cookies besides, with which servers answer first hellos and keep
// nothing. The caller adds a credential, or asks for PSKs.
std::shared_ptr<AssociationConfig> NewServerConfig(
    OSSL_LIB_CTX* library_context = nullptr, const char* property_query = nullptr,
    RecordCrypto record_crypto = RecordCrypto::kLibcrypto);

}  // namespace dtls13

#endif  // DTLS13_NEW_CONFIG_H_
