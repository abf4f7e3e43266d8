// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_KEY_EXCHANGE_H_
#define DTLS13_CRYPTO_KEY_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// KeyExchange is the client's side of one ephemeral key exchange in one group, RFC 8446 section
// 4.2.8 and draft-ietf-tls-ecdhe-mlkem: it generates a share, and derives the secret from the
// server's. The server's side is one call, Respond, because a key encapsulation has nothing to
// keep. Move-only. It does not know messages or preferences.
//
// A share of the wrong length, that is no point of the curve, gives the all-zero secret, or holds
// an encapsulation key outside its range is illegal_parameter; libcrypto's failures are
// internal_error.
class KeyExchange {
 public:
  // Generate makes a key share: nothing when the group is not supported or libcrypto fails.
  // `algorithms` must outlive it.
  static std::optional<KeyExchange> Generate(const Algorithms& algorithms, NamedGroup group);
  static bool IsSupported(const Algorithms& algorithms, NamedGroup group);

  NamedGroup group() const { return group_; }
  // public_key has the form of KeyShareEntry.key_exchange: uncompressed points (secp256r1,
  // secp384r1, secp521r1, brainpool's), u-coordinates (X25519, X448), an ML-KEM encapsulation key,
  // or one of the former with one of these (the hybrids).
  std::span<const uint8_t> public_key() const { return public_key_; }

  // Derive gives the secret shared with the server whose share this is.
  Status Derive(std::span<const uint8_t> server_share, Secret* secret) const;

  // Response is the server's share and the secret.
  struct Response {
    std::vector<uint8_t> share;
    Secret secret;
  };
  // Respond is the server's side. `group` must be supported.
  static Status Respond(const Algorithms& algorithms, NamedGroup group,
                        std::span<const uint8_t> client_share, Response* response);

 private:
  // Known-answer tests bring a private key of their own.
  friend class KeyExchangeTestPeer;

  // Each key is null for a group that has no such part.
  static std::optional<KeyExchange> FromKeys(const Algorithms& algorithms, NamedGroup group,
                                             OpenSslPtr<EVP_PKEY> key,
                                             OpenSslPtr<EVP_PKEY> ml_kem_key);
  KeyExchange(const Algorithms& algorithms, NamedGroup group, OpenSslPtr<EVP_PKEY> key,
              OpenSslPtr<EVP_PKEY> ml_kem_key, std::vector<uint8_t> public_key);

  const Algorithms* algorithms_;
  NamedGroup group_;
  OpenSslPtr<EVP_PKEY> key_;
  OpenSslPtr<EVP_PKEY> ml_kem_key_;
  std::vector<uint8_t> public_key_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_KEY_EXCHANGE_H_
