// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_TRUST_STORE_H_
#define DTLS13_CRYPTO_TRUST_STORE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/alert.h"

namespace dtls13 {

// TrustStore holds trust anchors and checks chains against them, RFC 5280. Fill it, then share it:
// verification is thread-safe, adding is not.
// It does not know handshakes: that the peer holds the leaf's key is CertificateVerify's to show.
class TrustStore {
 public:
  // Create: null when libcrypto has no memory.
  static std::unique_ptr<TrustStore> Create(std::shared_ptr<const Algorithms> algorithms);

  // Each is false when there is nothing to read or nothing that parses.
  [[nodiscard]] bool AddFile(const std::string& path);
  [[nodiscard]] bool AddPem(std::string_view pem);
  // A directory as `openssl rehash` makes it. It is looked into at each verification, so a
  // directory that is missing shows only then.
  [[nodiscard]] bool AddDirectory(const std::string& path);
  // AddDefaults adds the places where libcrypto was built to look.
  [[nodiscard]] bool AddDefaults();

  // VerifyServer checks a server's chain (DER, leaf first) at `now`. A `server_name` must match the
  // leaf, as a host name or, where it is one, as an IP address; an empty one is not compared.
  // Returns an X509_V_ERR_* code, 0 (X509_V_OK) when the chain is good.
  int VerifyServer(std::span<const std::vector<uint8_t>> chain, const std::string& server_name,
                   std::chrono::sys_seconds now) const;
  // VerifyClient does so for a client's chain, whose name is nobody's to say beforehand.
  int VerifyClient(std::span<const std::vector<uint8_t>> chain, std::chrono::sys_seconds now) const;

 private:
  TrustStore(std::shared_ptr<const Algorithms> algorithms, OpenSslPtr<X509_STORE> store);

  // `purpose` names libcrypto's parameters for it.
  int Verify(std::span<const std::vector<uint8_t>> chain, const char* purpose,
             const std::string& server_name, std::chrono::sys_seconds now) const;

  std::shared_ptr<const Algorithms> algorithms_;
  OpenSslPtr<X509_STORE> store_;
};

// AlertForVerifyError is the alert that libssl sends for an X509_V_ERR_* code.
AlertDescription AlertForVerifyError(int error);

// VerifyErrorText is libcrypto's sentence for an X509_V_ERR_* code.
const char* VerifyErrorText(int error);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_TRUST_STORE_H_
