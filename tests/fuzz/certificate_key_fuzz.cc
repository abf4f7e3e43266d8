// SPDX-License-Identifier: Apache-2.0
// Input: a certificate in DER. Where the short way to its key finds one, libcrypto's decoder finds
// no other, and a key that either finds is taken without an error left behind.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>

#include "dtls13/crypto/certificate.h"
#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/subject_public_key.h"
#include "dtls13/crypto/x509_parse.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> der(data, size);
  const Algorithms& algorithms = *DefaultAlgorithms();
  const OpenSslPtr<EVP_PKEY> plain = PlainKeyOfCertificate(algorithms, der);
  const OpenSslPtr<X509> decoded = ParseX509(algorithms, der);
  const EVP_PKEY* const key = decoded == nullptr ? nullptr : X509_get0_pubkey(decoded.get());
  fuzz::Check(plain == nullptr || key == nullptr || EVP_PKEY_eq(plain.get(), key) == 1);
  ERR_clear_error();
  const auto parsed = CertificateKey::Parse(algorithms, der);
  fuzz::Check(parsed.has_value() == (plain != nullptr || key != nullptr));
  fuzz::Check(!parsed.has_value() || ERR_peek_error() == 0);
  ERR_clear_error();
  return 0;
}
