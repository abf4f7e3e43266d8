// SPDX-License-Identifier: Apache-2.0
#include "dtls13/peer_verifier.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace dtls13 {
namespace {

bool IsDirectory(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool IsEmpty(const PeerVerifier::Options& options) {
  return options.ca_file.empty() && options.ca_directory.empty() && options.ca_pem.empty() &&
         !options.system_defaults;
}

// Adds all anchors; else returns one sentence.
std::string AddAnchors(const PeerVerifier::Options& options, TrustStore* store) {
  if (IsEmpty(options)) return "No trust anchors were given, so no peer could be verified.";
  if (!options.ca_file.empty() && !store->AddFile(options.ca_file)) {
    return "Cannot read certificates from " + options.ca_file + ".";
  }
  if (!options.ca_directory.empty() &&
      (!IsDirectory(options.ca_directory) || !store->AddDirectory(options.ca_directory))) {
    return options.ca_directory + " is not a directory.";
  }
  if (!options.ca_pem.empty() && !store->AddPem(options.ca_pem)) {
    return "The given text holds no certificate in PEM form, or a damaged one.";
  }
  if (options.system_defaults && !store->AddDefaults()) {
    return "Cannot use the system's own trust anchors.";
  }
  return "";
}

}  // namespace

PeerVerifier::PeerVerifier(std::unique_ptr<const TrustStore> store, bool verifies_clients)
    : store_(std::move(store)), verifies_clients_(verifies_clients) {}

std::unique_ptr<PeerVerifier> PeerVerifier::Create(std::shared_ptr<const Algorithms> algorithms,
                                                   const Options& options, std::string* error) {
  std::unique_ptr<TrustStore> store = TrustStore::Create(std::move(algorithms));
  *error = store ? AddAnchors(options, store.get()) : "Out of memory.";
  if (!error->empty()) return nullptr;
  return std::unique_ptr<PeerVerifier>(
      new PeerVerifier(std::move(store), options.verifies_clients));
}

PeerVerifier::Result PeerVerifier::Verify(std::span<const std::vector<uint8_t>> chain,
                                          const std::string& server_name, WallTime now) const {
  Result result;
  result.x509_error = verifies_clients_ ? store_->VerifyClient(chain, now)
                                        : store_->VerifyServer(chain, server_name, now);
  result.ok = result.x509_error == 0;
  result.alert = AlertForVerifyError(result.x509_error);
  result.text = VerifyErrorText(result.x509_error);
  return result;
}

}  // namespace dtls13
