// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_IPSEC_MB_CHECK_H_
#define DTLS13_CRYPTO_IPSEC_MB_CHECK_H_

#include <openssl/types.h>

#include "dtls13/crypto/ipsec_mb.h"

namespace dtls13 {

// AnswersAsLibcrypto says whether `gcm` stays within the room for its keys, gives the published
// answer, and does with 1,000 random records, each under a key of its own, what libcrypto does with
// `cipher`. Some milliseconds. `library_context` has the randomness. False too when libcrypto
// fails.
bool AnswersAsLibcrypto(const IpsecMbGcm& gcm, const EVP_CIPHER* cipher,
                        OSSL_LIB_CTX* library_context);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_IPSEC_MB_CHECK_H_
