// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_
#define DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// EllipticCurveKeyOfCertificate finds the public key of a certificate in strict DER whose key is an
// uncompressed point on a supported named curve (RFC 5480), and checks that it lies on the curve.
// Null for every other certificate, which is no judgement of it: the caller asks libcrypto's own
// decoder. It walks past the other fields without looking into them.
OpenSslPtr<EVP_PKEY> EllipticCurveKeyOfCertificate(const Algorithms& algorithms,
                                                   std::span<const uint8_t> der);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_
