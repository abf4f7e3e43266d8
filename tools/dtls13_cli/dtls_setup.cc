// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/dtls_setup.h"

#include <utility>

#include "absl/status/status.h"

namespace dtls13::cli {

absl::StatusOr<std::shared_ptr<AssociationConfig>> Usable(
    std::shared_ptr<AssociationConfig> config) {
  if (config != nullptr) return config;
  return absl::UnavailableError("libcrypto lacks SHA-256 or HMAC, which DTLS 1.3 needs.");
}

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

absl::StatusOr<std::unique_ptr<Endpoint>> NewEndpoint(EndpointOptions options) {
  std::unique_ptr<Endpoint> endpoint = Endpoint::Create(std::move(options));
  if (endpoint == nullptr) return absl::UnavailableError("there is no randomness.");
  return endpoint;
}

}  // namespace dtls13::cli
