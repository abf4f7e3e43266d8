// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_HKDF_LABEL_H_
#define DTLS13_CRYPTO_HKDF_LABEL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// PrefixText returns the six bytes.
std::string_view PrefixText(LabelPrefix prefix);

// Longest label and context used; longer ones are refused. RFC 8446 allows 255 bytes for each, with
// the prefix counted among the label's.
inline constexpr size_t kMaxLabelLen = 249;
inline constexpr size_t kMaxContextLen = 255;

// Hkdf is one HMAC context that serves one secret after another: HKDF-Extract, and
// HKDF-Expand-Label of the secret it holds. Keying a context costs as much as an expansion and
// making one half of that, so what expands several labels or climbs a ladder keeps one. Move-only;
// its copy of the secret is cleansed with it.
class Hkdf {
 public:
  // Create holds no secret yet. Nothing when libcrypto fails.
  static std::optional<Hkdf> Create(const Algorithms& algorithms, HashId hash, LabelPrefix prefix);

  // SetSecret is what Expand works on from here on. False for an empty secret.
  [[nodiscard]] bool SetSecret(std::span<const uint8_t> secret);

  // Expand fills `out`, RFC 8446 section 7.1. False without a secret, for an empty output, for a
  // label, context or output that is too long, and when libcrypto fails; `out` is then cleansed.
  [[nodiscard]] bool Expand(std::string_view label, std::span<const uint8_t> context,
                            std::span<uint8_t> out);

  // ExpandSecret returns `len` bytes; empty on failure.
  Secret ExpandSecret(std::string_view label, std::span<const uint8_t> context, size_t len);

  // Extract, RFC 5869 section 2.2: HMAC(salt, input_key_material). `salt` may be empty. The secret
  // it held is forgotten. The result is empty on failure.
  Secret Extract(std::span<const uint8_t> salt, std::span<const uint8_t> input_key_material);

 private:
  enum class State : uint8_t {
    kNoSecret,
    kKeyed,  // nothing was expanded since the secret was set
    kUsed,
  };

  Hkdf(OpenSslPtr<EVP_MAC_CTX> mac, HashId hash, LabelPrefix prefix);

  // T(n) of RFC 5869 section 2.3.
  bool ExpandBlock(std::span<const uint8_t> previous, std::span<const uint8_t> info,
                   uint8_t counter, std::span<uint8_t, kMaxHashLen> block);

  OpenSslPtr<EVP_MAC_CTX> mac_;
  HashId hash_;
  LabelPrefix prefix_;
  State state_ = State::kNoSecret;
};

// HkdfExpandLabel is one Hkdf::Expand.
[[nodiscard]] bool HkdfExpandLabel(const Algorithms& algorithms, HashId hash,
                                   std::span<const uint8_t> secret, LabelPrefix prefix,
                                   std::string_view label, std::span<const uint8_t> context,
                                   std::span<uint8_t> out);

// DeriveSecret, RFC 8446 section 7.1, with the messages already hashed. Empty on failure.
Secret DeriveSecret(const Algorithms& algorithms, HashId hash, std::span<const uint8_t> secret,
                    LabelPrefix prefix, std::string_view label,
                    std::span<const uint8_t> transcript_hash);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_HKDF_LABEL_H_
