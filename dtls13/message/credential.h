// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CREDENTIAL_H_
#define DTLS13_MESSAGE_CREDENTIAL_H_

#include <cstdint>
#include <vector>

#include "dtls13/message/extensions.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// CertificateStaple is what goes with one certificate of a chain; empty members are not there.
struct CertificateStaple {
  std::vector<uint8_t> ocsp_response = {};  // DER OCSPResponse, RFC 6960
  std::vector<uint8_t> sct_list = {};  // SignedCertificateTimestampList with its length, RFC 6962
  // Sent whether the peer asks for staples or not.
  std::vector<CustomExtension> custom_extensions = {};
};

// Credential is what one side shows of itself. The private key stays with the caller, who answers
// SignatureWanted; `schemes` says what that key can sign, most wanted first.
struct Credential {
  // DER certificates, leaf first; or, of kRawPublicKey, one SubjectPublicKeyInfo.
  std::vector<std::vector<uint8_t>> chain;
  std::vector<SignatureScheme> schemes;
  // Staples of the certificates at the same places; may be shorter. Sent to a peer that asks.
  std::vector<CertificateStaple> staples = {};
  CertificateType type = CertificateType::kX509;
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CREDENTIAL_H_
