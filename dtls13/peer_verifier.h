// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PEER_VERIFIER_H_
#define DTLS13_PEER_VERIFIER_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/trust_store.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// PeerVerifier decides whether a peer's certificate chain is to be trusted: the ready answer to
// VerifyPeer, for a client, or a server that asks for certificates, which trusts X.509 authorities.
// Immutable and thread-safe.
// It does not know handshakes, and keeps nothing of what it has verified.
class PeerVerifier {
 public:
  // Trust anchors; all that are given count. At least one must be.
  struct Options {
    std::string ca_file = {};       // PEM
    std::string ca_directory = {};  // as `openssl rehash` makes it
    std::string ca_pem = {};        // PEM text
    bool system_defaults = false;
    // The peers are clients: their certificates are to be for that, and have no name to compare.
    bool verifies_clients = false;
  };

  struct Result {
    bool ok = false;
    int x509_error = 0;  // X509_V_ERR_*, 0 when ok
    // For ProvideVerification; meaningful only when not ok.
    AlertDescription alert = AlertDescription::kInternalError;
    const char* text = "";  // libcrypto's words for x509_error; static
  };

  // On null, `*error` is one sentence for a person.
  static std::unique_ptr<PeerVerifier> Create(std::shared_ptr<const Algorithms> algorithms,
                                              const Options& options, std::string* error);

  // Verify checks `chain` (DER, leaf first) at wall time `now`. The leaf must be for
  // `server_name`, a host name or an IP address; an empty one, and a client's, is not compared.
  Result Verify(std::span<const std::vector<uint8_t>> chain, const std::string& server_name,
                WallTime now) const;

 private:
  PeerVerifier(std::unique_ptr<const TrustStore> store, bool verifies_clients);

  std::unique_ptr<const TrustStore> store_;
  bool verifies_clients_;
};

}  // namespace dtls13

#endif  // DTLS13_PEER_VERIFIER_H_
