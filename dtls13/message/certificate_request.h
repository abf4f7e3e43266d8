// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_REQUEST_H_
#define DTLS13_MESSAGE_CERTIFICATE_REQUEST_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/certificate_wishes.h"
#include "dtls13/message/extensions.h"

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

// CertificateRequestInfo is what a CertificateRequest says, for the caller to choose a credential
// by. Its vectors are its own.
struct CertificateRequestInfo {
  std::vector<uint8_t> context = {};
  std::vector<SignatureScheme> signature_schemes = {};
  CertificateWishes wishes = {};
  CertificateType type = CertificateType::kX509;        // by EncryptedExtensions
  std::vector<CustomExtension> custom_extensions = {};  // to be written
};

// ReadCertificateRequest judges and reads one. Duplicate or misplaced extensions are
// illegal_parameter, no signature_algorithms is missing_extension, a malformed extension
// decode_error; a context that is not empty is illegal_parameter in the main handshake.
Status ReadCertificateRequest(const CertificateRequestView& request, bool in_main_handshake,
                              CertificateRequestInfo* out);

// SerializeCertificateRequest returns the body, and in `*written` the types of its extensions.
// Empty when a field exceeds what the format can hold.
std::vector<uint8_t> SerializeCertificateRequest(const CertificateRequestInfo& request,
                                                 std::vector<ExtensionType>* written);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_REQUEST_H_
