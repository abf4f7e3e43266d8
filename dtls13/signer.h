// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SIGNER_H_
#define DTLS13_SIGNER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// Signer is one private key and what it can sign: the ready answer to SignatureWanted, for a caller
// whose key libcrypto can use. Immutable and thread-safe.
// It does not know handshakes or certificates; a key in another process needs no Signer at all.
class Signer {
 public:
  // FromKey takes a reference of its own. Null when TLS 1.3 has no scheme for the key.
  static std::unique_ptr<Signer> FromKey(std::shared_ptr<const Algorithms> algorithms,
                                         EVP_PKEY* key);
  // LoadPem reads a private key from the file at `path`, FromPem from `pem`. On null, `*error` is
  // one sentence for a person. Encrypted keys are refused, never asked about.
  static std::unique_ptr<Signer> LoadPem(std::shared_ptr<const Algorithms> algorithms,
                                         const std::string& path, std::string* error);
  static std::unique_ptr<Signer> FromPem(std::shared_ptr<const Algorithms> algorithms,
                                         std::string_view pem, std::string* error);

  // Most wanted first; what Credential::schemes wants.
  const std::vector<SignatureScheme>& schemes() const { return schemes_; }

  // Sign answers a SignatureRequest. Nothing when `scheme` is not among schemes() or libcrypto
  // fails.
  std::optional<std::vector<uint8_t>> Sign(SignatureScheme scheme,
                                           std::span<const uint8_t> input) const;

  // MatchesCertificate is true when the DER certificate holds this key's public half.
  bool MatchesCertificate(std::span<const uint8_t> der) const;

  // LoadCredential joins the certificates in the PEM file at `chain_path`, leaf first, with
  // schemes(). On null, `*error` is one sentence: unreadable, or not this key's certificate.
  std::shared_ptr<const Credential> LoadCredential(const std::string& chain_path,
                                                   std::string* error) const;

 private:
  Signer(std::shared_ptr<const Algorithms> algorithms, OpenSslPtr<EVP_PKEY> key);

  static std::unique_ptr<Signer> Parse(std::shared_ptr<const Algorithms> algorithms,
                                       std::string_view pem, const std::string& source,
                                       std::string* error);

  std::shared_ptr<const Algorithms> algorithms_;
  OpenSslPtr<EVP_PKEY> key_;
  std::vector<SignatureScheme> schemes_;
};

}  // namespace dtls13

#endif  // DTLS13_SIGNER_H_
