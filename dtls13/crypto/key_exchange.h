#ifndef DTLS13_CRYPTO_KEY_EXCHANGE_H_
#define DTLS13_CRYPTO_KEY_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// KeyExchange is one ephemeral key pair of one group, RFC 8446 section 4.2.8. Move-only.
// It does not know messages or preferences; Algorithms::Supports says which groups there are.
class KeyExchange {
 public:
  // Nothing when the group is not supported or libcrypto fails. `algorithms` must outlive it.
  static std::optional<KeyExchange> Generate(const Algorithms& algorithms, NamedGroup group);
  static bool IsSupported(const Algorithms& algorithms, NamedGroup group);

  NamedGroup group() const { return group_; }
  // public_key has the form of KeyShareEntry.key_exchange: 32 bytes for X25519; 65 for secp256r1
  // and 97 for secp384r1, uncompressed points.
  std::span<const uint8_t> public_key() const { return public_key_; }

  // Derive returns the shared secret. Nothing when the peer's share has the wrong length, is no
  // point of the curve, or gives the all-zero secret: illegal_parameter for the peer.
  std::optional<Secret> Derive(std::span<const uint8_t> peer_public_key) const;

 private:
  // Known-answer tests bring a private key of their own.
  friend class KeyExchangeTestPeer;

  static std::optional<KeyExchange> FromKey(const Algorithms& algorithms, NamedGroup group,
                                            OpenSslPtr<EVP_PKEY> key);
  KeyExchange(const Algorithms& algorithms, NamedGroup group, OpenSslPtr<EVP_PKEY> key,
              std::vector<uint8_t> public_key);

  const Algorithms* algorithms_;
  NamedGroup group_;
  OpenSslPtr<EVP_PKEY> key_;
  std::vector<uint8_t> public_key_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_KEY_EXCHANGE_H_
