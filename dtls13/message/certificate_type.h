// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_TYPE_H_
#define DTLS13_MESSAGE_CERTIFICATE_TYPE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/extensions.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// CertificateTypes are what one side can show and will take, most wanted first: RFC 7250's
// client_certificate_type and server_certificate_type in a ClientHello. Empty is {kX509}.
struct CertificateTypes {
  std::vector<CertificateType> client = {};  // what a client can show
  std::vector<CertificateType> server = {};  // what it takes of a server
};

// ReadCertificateTypes reads both from a ClientHello; one that is not there, or holds nothing this
// library knows beside X.509, leaves its list as it says. A malformed one is decode_error. With a
// null `out` it only checks.
Status ReadCertificateTypes(const ExtensionBlock& extensions, CertificateTypes* out);

// WriteCertificateTypes writes both as a ClientHello's, unless X.509 is all there is.
void WriteCertificateTypes(const CertificateTypes& types, ExtensionWriter* extensions);

// ChooseCertificateType returns the first of `offered` that `accepted` has; nothing when there is
// none.
std::optional<CertificateType> ChooseCertificateType(std::span<const CertificateType> offered,
                                                     std::span<const CertificateType> accepted);

// ReadSelectedCertificateType reads the answer to one of the two, out of EncryptedExtensions: X.509
// where there is none. A malformed answer is decode_error, one that was not in `offered`
// illegal_parameter; no answer where `offered` has no X.509 is unsupported_certificate.
Status ReadSelectedCertificateType(const ExtensionBlock& extensions, ExtensionType extension,
                                   std::span<const CertificateType> offered, CertificateType* out);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_TYPE_H_
