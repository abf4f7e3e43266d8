#ifndef DTLS13_CRYPTO_HKDF_LABEL_H_
#define DTLS13_CRYPTO_HKDF_LABEL_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hash.h"
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

// HkdfExtract, RFC 5869 section 2.2. `salt` may be empty. The result is empty on failure.
Secret HkdfExtract(const Algorithms& algorithms, HashId hash, std::span<const uint8_t> salt,
                   std::span<const uint8_t> input_key_material);

// HkdfExpandLabel fills `out`, RFC 8446 section 7.1. False for an empty secret or output, for a
// label, context or output that is too long, and when libcrypto fails; `out` is then cleansed.
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
