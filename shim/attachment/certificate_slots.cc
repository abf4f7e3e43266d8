// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/certificate_slots.h"

#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {

std::vector<CertificateSlot> CertificateSlots(SSL* ssl) {
  ErrorMark mark;
  X509* const current = Real().SSL_get_certificate(ssl);
  std::vector<CertificateSlot> slots;
  long which = SSL_CERT_SET_FIRST;
  while (Real().SSL_ctrl(ssl, SSL_CTRL_SET_CURRENT_CERT, which, nullptr) == 1) {
    slots.push_back({Real().SSL_get_certificate(ssl), Real().SSL_get_privatekey(ssl)});
    which = SSL_CERT_SET_NEXT;
  }
  SelectCertificate(ssl, current);
  return slots;
}

void SelectCertificate(SSL* ssl, X509* certificate) {
  if (certificate == nullptr) return;
  Real().SSL_ctrl(ssl, SSL_CTRL_SELECT_CURRENT_CERT, 0, certificate);
}

}  // namespace dtls13::shim
