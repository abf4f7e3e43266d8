// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_CERTIFICATE_H_
#define DTLS13_CRYPTO_CERTIFICATE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/signature.h"

namespace dtls13 {

// CertificateKey is the public key of one X.509 certificate, or a raw one: what a
// CertificateVerify is checked against. Move-only.
// It does not know whether the certificate is to be trusted: that is PeerVerifier's.
class CertificateKey {
 public:
  // Parse takes exactly one DER certificate. Nothing when it does not parse, has bytes behind it,
  // or libcrypto cannot use its key: bad_certificate or unsupported_certificate.
  static std::optional<CertificateKey> Parse(const Algorithms& algorithms,
                                             std::span<const uint8_t> der);

  // ParseSubjectPublicKeyInfo takes exactly one DER SubjectPublicKeyInfo, RFC 7250 section 3.
  static std::optional<CertificateKey> ParseSubjectPublicKeyInfo(const Algorithms& algorithms,
                                                                 std::span<const uint8_t> der);

  KeyType type() const { return type_; }
  EVP_PKEY* key() const { return key_.get(); }  // borrowed

 private:
  CertificateKey(OpenSslPtr<EVP_PKEY> key, KeyType type);
  static CertificateKey FromKey(OpenSslPtr<EVP_PKEY> key);

  OpenSslPtr<EVP_PKEY> key_;
  KeyType type_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_CERTIFICATE_H_
