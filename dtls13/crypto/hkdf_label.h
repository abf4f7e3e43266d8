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

namespace dtls13 {

// LabelPrefix is the start of every label that goes into HKDF-Expand-Label.
enum class LabelPrefix : uint8_t {
  kDtls13,         // "dtls13", RFC 9147 section 5.9
  kDtls13Draft26,  // "tls13 ": DTLS drafts before -32 kept TLS's own
  kTls13,          // "tls13 ", RFC 8446 section 7.1
};

// PrefixText returns the six bytes.
std::string_view PrefixText(LabelPrefix prefix);

// Longest label and context used; longer ones are refused. RFC 8446 allows 255 bytes for each, with
// the prefix counted among the label's.
inline constexpr size_t kMaxLabelLen = 249;
inline constexpr size_t kMaxContextLen = 255;

// LabelExpander is HKDF-Expand-Label keyed once with one secret: a secret that several labels are
// expanded from costs half as much this way. Move-only; its copy of the secret is cleansed with it.
class LabelExpander {
 public:
  // Nothing for an empty secret and when libcrypto fails.
  static std::optional<LabelExpander> Create(const Algorithms& algorithms, HashId hash,
                                             std::span<const uint8_t> secret, LabelPrefix prefix);

  // Expand fills `out`, RFC 8446 section 7.1. False for an empty output, for a label, context or
  // output that is too long, and when libcrypto fails; `out` is then cleansed.
  [[nodiscard]] bool Expand(std::string_view label, std::span<const uint8_t> context,
                            std::span<uint8_t> out);

  // ExpandSecret returns `len` bytes; empty on failure.
  Secret ExpandSecret(std::string_view label, std::span<const uint8_t> context, size_t len);

 private:
  LabelExpander(OpenSslPtr<EVP_MAC_CTX> mac, HashId hash, LabelPrefix prefix);

  // T(n) of RFC 5869 section 2.3.
  bool ExpandBlock(std::span<const uint8_t> previous, std::span<const uint8_t> info,
                   uint8_t counter, std::span<uint8_t, kMaxHashLen> block);

  OpenSslPtr<EVP_MAC_CTX> mac_;
  HashId hash_;
  LabelPrefix prefix_;
  bool restart_ = false;  // the context has been used since it was keyed
};

// HkdfExtract, RFC 5869 section 2.2. `salt` may be empty. The result is empty on failure.
Secret HkdfExtract(const Algorithms& algorithms, HashId hash, std::span<const uint8_t> salt,
                   std::span<const uint8_t> input_key_material);

// HkdfExpandLabel is one LabelExpander::Expand.
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
