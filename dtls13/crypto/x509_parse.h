// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_X509_PARSE_H_
#define DTLS13_CRYPTO_X509_PARSE_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// ParseX509 takes exactly one DER certificate; null for anything else.
OpenSslPtr<X509> ParseX509(const Algorithms& algorithms, std::span<const uint8_t> der);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_X509_PARSE_H_
