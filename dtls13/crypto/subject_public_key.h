// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_
#define DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// PlainKeyOfCertificate finds the public key of a certificate in strict DER whose key is of the
// plainest form: an uncompressed point on a supported named curve (RFC 5480), which is checked to
// lie on it, an RSA key (RFC 3279), or an Ed25519 key (RFC 8410). Null for every other certificate,
// which is no judgement of it: the caller asks libcrypto's own decoder. It walks past the other
// fields without looking into them.
OpenSslPtr<EVP_PKEY> PlainKeyOfCertificate(const Algorithms& algorithms,
                                           std::span<const uint8_t> der);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_SUBJECT_PUBLIC_KEY_H_
