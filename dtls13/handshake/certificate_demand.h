// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_CERTIFICATE_DEMAND_H_
#define DTLS13_HANDSHAKE_CERTIFICATE_DEMAND_H_

#include <cstdint>
#include <vector>

namespace dtls13 {

// ClientAuthentication is whether a server asks its clients for certificates.
enum class ClientAuthentication : uint8_t {
  kNone,
  kOptional,  // a client that has none is let in: peer_certificates() stays empty
  kRequired,  // one that has none is refused with certificate_required
};

// CertificateDemand is what a server asks of one client, in place of the members of its config that
// have the same names.
struct CertificateDemand {
  ClientAuthentication client_authentication = ClientAuthentication::kNone;
  std::vector<std::vector<uint8_t>> certificate_authorities = {};
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CERTIFICATE_DEMAND_H_
