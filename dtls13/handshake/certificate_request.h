#ifndef DTLS13_HANDSHAKE_CERTIFICATE_REQUEST_H_
#define DTLS13_HANDSHAKE_CERTIFICATE_REQUEST_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/handshake/extensions.h"

namespace dtls13 {

// CertificateRequestView is a CertificateRequest taken apart, RFC 8446 section 4.3.2: views of the
// message.
struct CertificateRequestView {
  std::span<const uint8_t> context;  // certificate_request_context
  ExtensionBlock extensions;
};

// ParseCertificateRequest takes a whole body. Nothing (decode_error) when it is malformed or has
// trailing bytes.
std::optional<CertificateRequestView> ParseCertificateRequest(std::span<const uint8_t> body);

// CheckCertificateRequest judges one received in the main handshake: duplicate or misplaced
// extensions and a context that is not empty are illegal_parameter, no signature_algorithms is
// missing_extension, a malformed extension decode_error.
Status CheckCertificateRequest(const CertificateRequestView& request);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CERTIFICATE_REQUEST_H_
