// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_WISHES_H_
#define DTLS13_MESSAGE_CERTIFICATE_WISHES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/message/extensions.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// kMaxAuthorities bounds how many of a peer's certificate_authorities are kept: more than any
// credential is chosen by, and a message full of one-byte names stays cheap.
inline constexpr size_t kMaxAuthorities = 512;

// CertificateWishes is what one side says in its ClientHello or CertificateRequest of the
// certificates it will take, beside signature_algorithms.
struct CertificateWishes {
  // signature_algorithms_cert; empty: as signature_algorithms.
  std::vector<SignatureScheme> certificate_schemes;
  // certificate_authorities: DER distinguished names; empty: no matter which.
  std::vector<std::vector<uint8_t>> authorities;
  bool ocsp = false;  // status_request
  // RFC 6066 section 8, written only: DER ResponderIDs, and DER Extensions of the OCSP request.
  std::vector<std::vector<uint8_t>> ocsp_responders;
  std::vector<uint8_t> ocsp_extensions;
  bool sct = false;                                 // signed_certificate_timestamp
  std::vector<CertificateCompression> compression;  // compress_certificate
};

// ReadCertificateWishes reads the extensions of a ClientHello or CertificateRequest that
// CheckExtensions has passed. A malformed one is decode_error. With a null `out` it only checks.
Status ReadCertificateWishes(const ExtensionBlock& extensions, ExtensionMessage message,
                             CertificateWishes* out);

// WriteCertificateWishes writes them as extensions of `message`. Empty members are left out.
void WriteCertificateWishes(const CertificateWishes& wishes, ExtensionMessage message,
                            ExtensionWriter* extensions);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_WISHES_H_
