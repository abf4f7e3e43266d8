// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/certificate.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <limits>
#include <utility>

#include "dtls13/crypto/subject_public_key.h"
#include "dtls13/crypto/x509_parse.h"

namespace dtls13 {
CertificateKey::CertificateKey(OpenSslPtr<EVP_PKEY> key, KeyType type)
    : key_(std::move(key)), type_(type) {}

std::optional<CertificateKey> CertificateKey::Parse(const Algorithms& algorithms,
                                                    std::span<const uint8_t> der) {
  // libcrypto 3 takes longer to decode one certificate than the whole handshake's public-key
  // operations take, so the plain certificate goes the short way. What fails there may succeed in
  // the long one, and is then no error.
  ERR_set_mark();
  OpenSslPtr<EVP_PKEY> key = PlainKeyOfCertificate(algorithms, der);
  ERR_pop_to_mark();
  if (!key) {
    OpenSslPtr<X509> certificate = ParseX509(algorithms, der);
    if (!certificate) return std::nullopt;
    key = NewReference(X509_get0_pubkey(certificate.get()));
  }
  if (!key) return std::nullopt;
  return FromKey(std::move(key));
}

std::optional<CertificateKey> CertificateKey::ParseSubjectPublicKeyInfo(
    const Algorithms& algorithms, std::span<const uint8_t> der) {
  const unsigned char* end = der.data();
  EVP_PKEY* key = nullptr;
  if (der.size() <= std::numeric_limits<int>::max()) {
    key = d2i_PUBKEY_ex(nullptr, &end, static_cast<long>(der.size()), algorithms.library_context(),
                        algorithms.property_query());
  }
  OpenSslPtr<EVP_PKEY> owned(key);
  if (!owned || end != der.data() + der.size()) return std::nullopt;
  return FromKey(std::move(owned));
}

CertificateKey CertificateKey::FromKey(OpenSslPtr<EVP_PKEY> key) {
  const KeyType type = KeyTypeOf(key.get());
  return CertificateKey(std::move(key), type);
}

}  // namespace dtls13
