// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/identity.h"

namespace dtls13::udp_notif {

absl::StatusOr<std::shared_ptr<const Signer>> LoadIdentity(const std::string& key_path,
                                                           const std::string& certificate_path,
                                                           AssociationConfig* config) {
  std::string error;
  std::shared_ptr<const Signer> signer =
      Signer::LoadPem(config->handshake.algorithms, key_path, &error);
  if (signer) config->handshake.credential = signer->LoadCredential(certificate_path, &error);
  if (!signer || !config->handshake.credential) return absl::UnavailableError(error);
  return signer;
}

absl::StatusOr<std::shared_ptr<const PeerVerifier>> LoadTrust(const std::string& path,
                                                              bool verifies_clients,
                                                              const AssociationConfig& config) {
  std::string error;
  std::shared_ptr<const PeerVerifier> verifier = PeerVerifier::Create(
      config.handshake.algorithms,
      {.ca_file = path, .system_defaults = path.empty(), .verifies_clients = verifies_clients},
      &error);
  if (!verifier) return absl::UnavailableError(error);
  return verifier;
}

}  // namespace dtls13::udp_notif
