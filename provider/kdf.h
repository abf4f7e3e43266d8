// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_KDF_H_
#define DTLS13_PROVIDER_KDF_H_

#include <openssl/core.h>

#include <span>

namespace dtls13::provider {

// KdfAlgorithms is the list of OSSL_OP_KDF: DTLS13-KDF, which is RFC 8446 section 7.1's key
// schedule with the prefix of RFC 9147 section 5.9. Static; docs/provider.md has the parameters.
std::span<const OSSL_ALGORITHM> KdfAlgorithms();

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_KDF_H_
