// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_TRAFFIC_KEYS_H_
#define DTLS13_CRYPTO_TRAFFIC_KEYS_H_

#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hkdf_label.h"
#include "dtls13/crypto/secret.h"

namespace dtls13 {

// TrafficKeys protect one epoch in one direction, RFC 8446 section 7.3 and RFC 9147 section 4.2.3.
struct TrafficKeys {
  Secret key;
  Secret iv;
  Secret sn_key;  // record number encryption
};

// DeriveTrafficKeys returns nothing when libcrypto fails or the secret is empty.
std::optional<TrafficKeys> DeriveTrafficKeys(const Algorithms& algorithms, const CipherSuite& suite,
                                             LabelPrefix prefix,
                                             std::span<const uint8_t> traffic_secret);

// PackTrafficKeys is all three in one, for keys that are kept but not in use; UnpackTrafficKeys
// takes them apart again. Nothing unless `packed` has the length of the suite's.
Secret PackTrafficKeys(const TrafficKeys& keys);
std::optional<TrafficKeys> UnpackTrafficKeys(const CipherSuite& suite, const Secret& packed);

// NextTrafficSecret is application_traffic_secret_N+1, RFC 8446 section 7.2. Empty on failure.
Secret NextTrafficSecret(const Algorithms& algorithms, const CipherSuite& suite, LabelPrefix prefix,
                         std::span<const uint8_t> traffic_secret);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_TRAFFIC_KEYS_H_
