// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_VERIFY_H_
#define DTLS13_MESSAGE_CERTIFICATE_VERIFY_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// CertificateVerifyView is a CertificateVerify taken apart, RFC 8446 section 4.4.3: a view of the
// message.
struct CertificateVerifyView {
  SignatureScheme algorithm{};
  std::span<const uint8_t> signature;
};

// ParseCertificateVerify takes a whole body. Nothing (decode_error) when it is malformed or has
// trailing bytes.
std::optional<CertificateVerifyView> ParseCertificateVerify(std::span<const uint8_t> body);

// SerializeCertificateVerify returns the body; empty when the signature exceeds 65535 bytes.
std::vector<uint8_t> SerializeCertificateVerify(SignatureScheme algorithm,
                                                std::span<const uint8_t> signature);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_VERIFY_H_
