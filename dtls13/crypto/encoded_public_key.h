// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_ENCODED_PUBLIC_KEY_H_
#define DTLS13_CRYPTO_ENCODED_PUBLIC_KEY_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// NewEncodedPublicKey makes a key with the parameters of `group`, an Algorithms::group_parameters,
// and the public value that `encoded` is in the form of key shares: an uncompressed point, a
// u-coordinate. Null when libcrypto does not take it.
OpenSslPtr<EVP_PKEY> NewEncodedPublicKey(EVP_PKEY* group, std::span<const uint8_t> encoded);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_ENCODED_PUBLIC_KEY_H_
