// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_PEER_IDENTITY_H_
#define DTLS13_MESSAGE_PEER_IDENTITY_H_

#include <cstdint>
#include <vector>

#include "dtls13/message/credential.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// PeerIdentity is what a peer showed of itself in its Certificate message. That it holds the key is
// CertificateVerify's to show, that it is to be believed the verifier's.
struct PeerIdentity {
  CertificateType type = CertificateType::kX509;
  // X.509 certificates, DER, leaf first; or one SubjectPublicKeyInfo (RFC 7250).
  std::vector<std::vector<uint8_t>> chain;
  // As many as the chain has entries.
  std::vector<CertificateStaple> staples;
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_PEER_IDENTITY_H_
