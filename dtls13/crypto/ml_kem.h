// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_ML_KEM_H_
#define DTLS13_CRYPTO_ML_KEM_H_

#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// ML-KEM, FIPS 203, as libcrypto has it from 3.5 on; Algorithms::Supports of a group with a part of
// it says whether it is there. Fetched at run time: nothing here needs newer headers. Lengths are
// MlKem's. Nothing here knows of key shares.

// GenerateMlKemKey returns the decapsulation key, null when libcrypto fails.
OpenSslPtr<EVP_PKEY> GenerateMlKemKey(const Algorithms& algorithms, const MlKem& parameters);

// WriteMlKemEncapsulationKey fills `out`, of encapsulation_key_len bytes.
bool WriteMlKemEncapsulationKey(EVP_PKEY* key, std::span<uint8_t> out);

// ReadMlKemEncapsulationKey returns the peer's key, null (illegal_parameter for the peer) when
// it has the wrong length or does not pass the check of FIPS 203 section 7.2.
OpenSslPtr<EVP_PKEY> ReadMlKemEncapsulationKey(const Algorithms& algorithms,
                                               const MlKem& parameters,
                                               std::span<const uint8_t> encoded);

// EncapsulateMlKem fills `ciphertext` and `secret`. False when libcrypto fails.
bool EncapsulateMlKem(const Algorithms& algorithms, EVP_PKEY* peer, std::span<uint8_t> ciphertext,
                      std::span<uint8_t> secret);

// DecapsulateMlKem fills `secret`. A ciphertext of the right length always decapsulates: one
// that was not made for `key` gives another secret (FIPS 203 section 6.3). False when libcrypto
// fails.
bool DecapsulateMlKem(const Algorithms& algorithms, EVP_PKEY* key,
                      std::span<const uint8_t> ciphertext, std::span<uint8_t> secret);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_ML_KEM_H_
