// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_CERTIFICATE_SLOTS_H_
#define DTLS13_SHIM_ATTACHMENT_CERTIFICATE_SLOTS_H_

#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// CertificateSlot is one of the places in which an SSL has a certificate, one for each type of key;
// both pointers are borrowed from the SSL.
struct CertificateSlot {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

// CertificateSlots lists those that have a private key, in libssl's order. The SSL's current
// certificate (SSL_get_certificate) stays what it was.
std::vector<CertificateSlot> CertificateSlots(SSL* ssl);

// SelectCertificate makes a certificate of a slot the current one; null changes nothing.
void SelectCertificate(SSL* ssl, X509* certificate);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CERTIFICATE_SLOTS_H_
