// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_DIFFIE_HELLMAN_H_
#define DTLS13_CRYPTO_DIFFIE_HELLMAN_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// The Diffie-Hellman part of a group, RFC 8446 sections 4.2.8.2 and 7.4.2. Key and group fit each
// other; the group is one that `algorithms` supports. Nothing here knows of hybrids.

// GenerateDiffieHellmanKey returns null when libcrypto fails.
OpenSslPtr<EVP_PKEY> GenerateDiffieHellmanKey(const Algorithms& algorithms,
                                              const NamedGroupInfo& group);

// WriteDiffieHellmanPublicKey fills `out`, of public_key_len bytes, with the form that shares have:
// uncompressed points, u-coordinates. False when the key's is not of that length.
bool WriteDiffieHellmanPublicKey(EVP_PKEY* key, std::span<uint8_t> out);

// DeriveDiffieHellman fills `out`, of shared_secret_len bytes. False (illegal_parameter for the
// peer) when the peer's value has the wrong length or form, is no point of the curve, or gives the
// all-zero secret.
bool DeriveDiffieHellman(const Algorithms& algorithms, const NamedGroupInfo& group, EVP_PKEY* key,
                         std::span<const uint8_t> peer_public_key, std::span<uint8_t> out);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_DIFFIE_HELLMAN_H_
