// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_TEST_IDENTITY_H_
#define DTLS13_TESTS_SIM_TEST_IDENTITY_H_

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dtls13/handshake/handshake_config.h"

namespace dtls13::sim {

enum class KeyType : uint8_t { kEcdsaP256, kEcdsaP384, kRsa2048, kEd25519 };

// TestIdentity is a throw-away key with a self-signed certificate for "server.example", made once
// per process and key type. `padding_len` bytes of comment make the certificate that much longer.
class TestIdentity {
 public:
  static const TestIdentity& Get(KeyType type);
  static TestIdentity Make(KeyType type, size_t padding_len);
  // MakeChain puts certificates of other keys of the kind behind the first, `num_certificates` in
  // all, as long as those of real issuers. They certify nothing.
  static TestIdentity MakeChain(KeyType type, size_t num_certificates, size_t padding_len);

  std::shared_ptr<const Credential> credential() const { return credential_; }
  // Sign answers a SignatureWanted event; empty on failure.
  std::vector<uint8_t> Sign(SignatureScheme scheme, std::span<const uint8_t> input) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<const Credential> credential_;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_TEST_IDENTITY_H_
