// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_PUBLIC_KEY_CEILING_H_
#define DTLS13_TOOLS_BENCH_PUBLIC_KEY_CEILING_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/code_points.h"
#include "tests/sim/test_identity.h"

namespace dtls13::bench {

// PublicKeyCeiling is the public-key operations of one handshake, both sides, and nothing else: two
// keys made, two secrets derived, and where a certificate is shown a signature made and one
// verified. They are plain EVP calls with every context kept that EVP lets keep, no share is
// encoded or parsed, and the keys that sign are there before: no handshake over EVP can do with
// less. It knows nothing of dtls13's own code, which therefore cannot lower it.
class PublicKeyCeiling {
 public:
  // `signer` is empty for a handshake by PSK. `group` must be one that libcrypto has.
  PublicKeyCeiling(NamedGroup group, std::optional<sim::KeyType> signer);

  void Run();

 private:
  // Template contexts for signing and verifying, copied for each: copying is all they cost.
  struct Signing {
    OpenSslPtr<EVP_PKEY> key;
    OpenSslPtr<EVP_MD_CTX> sign;
    OpenSslPtr<EVP_MD_CTX> verify;
    std::vector<uint8_t> signature;
  };

  void Derive(EVP_PKEY* key, EVP_PKEY* peer);
  void Encapsulate();
  void Sign();

  OpenSslPtr<EVP_PKEY_CTX> generate_;
  OpenSslPtr<EVP_PKEY_CTX> generate_ml_kem_;  // null where the group is not hybrid
  std::optional<Signing> signing_;
};

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_PUBLIC_KEY_CEILING_H_
