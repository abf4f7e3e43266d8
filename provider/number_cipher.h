// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_NUMBER_CIPHER_H_
#define DTLS13_PROVIDER_NUMBER_CIPHER_H_

#include <openssl/core.h>

#include <span>

namespace dtls13::provider {

// NumberCipherAlgorithms are DTLS13-SN-AES-128, DTLS13-SN-AES-256 and DTLS13-SN-CHACHA20 of
// OSSL_OP_CIPHER: record number encryption alone, RFC 9147 section 4.2.3. Static.
std::span<const OSSL_ALGORITHM> NumberCipherAlgorithms();

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_NUMBER_CIPHER_H_
