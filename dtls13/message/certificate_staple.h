// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_STAPLE_H_
#define DTLS13_MESSAGE_CERTIFICATE_STAPLE_H_

#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/message/credential.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

// ReadStaple reads what one CertificateEntry carries beside the certificate: status_request (RFC
// 8446 section 4.4.2.1) and signed_certificate_timestamp (RFC 6962 section 3.3). Nothing
// (decode_error) when one of them is malformed. What they say is for the verifier to judge.
std::optional<CertificateStaple> ReadStaple(const ExtensionBlock& extensions);

// WriteStaple writes an entry's extensions, with their length; empty members are left out.
void WriteStaple(const CertificateStaple& staple, ByteWriter* writer);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_STAPLE_H_
