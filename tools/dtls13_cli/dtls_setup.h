// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_DTLS_SETUP_H_
#define DTLS13_TOOLS_DTLS13_CLI_DTLS_SETUP_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dtls13/association_config.h"
#include "dtls13/endpoint.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"

// What a program's associations are made with. Errors are one sentence.
namespace dtls13::cli {

// Usable is `config`, or an error where that is null, as NewConfig and its like are without what
// DTLS 1.3 takes of libcrypto.
absl::StatusOr<std::shared_ptr<AssociationConfig>> Usable(
    std::shared_ptr<AssociationConfig> config);

// LoadIdentity reads a private key and its certificates, leaf first, from PEM files; `config` shows
// them. What it returns signs with the key.
absl::StatusOr<std::shared_ptr<const Signer>> LoadIdentity(const std::string& key_path,
                                                           const std::string& certificate_path,
                                                           AssociationConfig* config);

// LoadTrust reads the authorities that the peers' certificates must come from, which are clients or
// servers: a PEM file, or where `path` is empty those of the system.
absl::StatusOr<std::shared_ptr<const PeerVerifier>> LoadTrust(const std::string& path,
                                                              bool verifies_clients,
                                                              const AssociationConfig& config);

// NewEndpoint is Endpoint::Create.
absl::StatusOr<std::unique_ptr<Endpoint>> NewEndpoint(EndpointOptions options);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_DTLS_SETUP_H_
