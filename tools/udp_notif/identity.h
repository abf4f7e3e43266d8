// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_IDENTITY_H_
#define DTLS13_TOOLS_UDP_NOTIF_IDENTITY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dtls13/association_config.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"

namespace dtls13::udp_notif {

// LoadIdentity reads a private key and its certificates, leaf first, from PEM files; `config` shows
// them. What it returns signs with the key. Errors are one sentence.
absl::StatusOr<std::shared_ptr<const Signer>> LoadIdentity(const std::string& key_path,
                                                           const std::string& certificate_path,
                                                           AssociationConfig* config);

// LoadTrust reads the authorities that the peers' certificates must come from, which are clients or
// servers: a PEM file, or where `path` is empty those of the system.
absl::StatusOr<std::shared_ptr<const PeerVerifier>> LoadTrust(const std::string& path,
                                                              bool verifies_clients,
                                                              const AssociationConfig& config);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_IDENTITY_H_
