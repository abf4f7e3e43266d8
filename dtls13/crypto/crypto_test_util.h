// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_CRYPTO_TEST_UTIL_H_
#define DTLS13_CRYPTO_CRYPTO_TEST_UTIL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// FromHex takes pairs of digits and nothing else; ToHex is its inverse.
std::vector<uint8_t> FromHex(std::string_view hex);
std::string ToHex(std::span<const uint8_t> bytes);

// DefaultAlgorithms is the default library context's, fetched once per process. The environment's
// DTLS13_TEST_RECORD_CRYPTO names the library of its records, libcrypto without it.
std::shared_ptr<const Algorithms> DefaultAlgorithms();

// NewTestKey generates a key: "P-256", "P-384", "P-521", "ED25519", "ED448", "RSA" or "RSA-PSS"
// (2048 bits unless said otherwise).
OpenSslPtr<EVP_PKEY> NewTestKey(std::string_view kind, size_t rsa_bits = 2048);

// TestCertificate describes one certificate for MakeCertificate. Times are seconds since 1970.
struct TestCertificate {
  std::string common_name = "test";
  std::string issuer_name = "test";
  EVP_PKEY* key = nullptr;         // its public half is certified
  EVP_PKEY* issuer_key = nullptr;  // signs
  bool is_ca = false;
  std::string alternative_names = {};  // "DNS:example.org,IP:192.0.2.1"; empty for none
  std::string key_usage = {};          // keyUsage, "keyEncipherment"; empty for none
  std::string key_purpose = {};        // extendedKeyUsage, "serverAuth"; empty for none
  const char* digest = "SHA256";       // of the signature, where the issuer's key leaves a choice
  int64_t not_before = 1700000000;
  int64_t not_after = 1800000000;
};

// MakeCertificate returns DER, ToPem its text form.
std::vector<uint8_t> MakeCertificate(const TestCertificate& wanted);
std::string ToPem(std::span<const uint8_t> der);
// PrivateKeyPem is PKCS #8, encrypted where there is a passphrase.
std::string PrivateKeyPem(EVP_PKEY* key, std::string passphrase = "");

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_CRYPTO_TEST_UTIL_H_
