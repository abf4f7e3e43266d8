// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/encoded_public_key.h"

#include <openssl/evp.h>

namespace dtls13 {

OpenSslPtr<EVP_PKEY> NewEncodedPublicKey(EVP_PKEY* group, std::span<const uint8_t> encoded) {
  //= rfc8446#section-4.2.8.2
  //# For the curves secp256r1, secp384r1, and secp521r1, peers MUST
  //# validate each other's public value Q by ensuring that the point is a
  //# valid point on the elliptic curve.
  OpenSslPtr<EVP_PKEY> key(EVP_PKEY_dup(group));
  if (!key || EVP_PKEY_set1_encoded_public_key(key.get(), encoded.data(), encoded.size()) != 1) {
    return nullptr;
  }
  return key;
}

}  // namespace dtls13
