// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_PEM_H_
#define DTLS13_CRYPTO_PEM_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// PemPrivateKey is a key, or else why there is none: the end of a sentence that begins with the
// file's name ("is encrypted ...").
struct PemPrivateKey {
  OpenSslPtr<EVP_PKEY> key;
  const char* error = nullptr;
};

// ReadPemPrivateKey takes the first private key of `pem`, in any form libcrypto decodes. It never
// asks for a passphrase: an encrypted key is an error.
PemPrivateKey ReadPemPrivateKey(const Algorithms& algorithms, std::string_view pem);

// ReadPemCertificates returns all certificates of `pem` as DER, in order; other blocks are passed
// over. Nothing when there is none or one of them does not parse.
std::optional<std::vector<std::vector<uint8_t>>> ReadPemCertificates(const Algorithms& algorithms,
                                                                     std::string_view pem);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_PEM_H_
