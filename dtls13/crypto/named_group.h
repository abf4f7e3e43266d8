// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_NAMED_GROUP_H_
#define DTLS13_CRYPTO_NAMED_GROUP_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// ML-KEM-768 as libcrypto calls it, from 3.5 on, and its sizes in bytes, FIPS 203 table 3.
inline constexpr char kMlKem768Name[] = "ML-KEM-768";
inline constexpr size_t kMlKem768EncapsulationKeyLen = 1184;
inline constexpr size_t kMlKem768CiphertextLen = 1088;
inline constexpr size_t kMlKemSecretLen = 32;

// MlKemPart says where ML-KEM-768's part stands in a hybrid group's shares and secret. The drafts
// settled on an order for each group: the part that FIPS has approved longest comes first.
enum class MlKemPart : uint8_t { kNone, kFirst, kLast };

// NamedGroupInfo is what libcrypto, RFC 8446 section 4.2.8 and draft-ietf-tls-ecdhe-mlkem section 4
// say of one group. Entries are static.
struct NamedGroupInfo {
  NamedGroup group;
  // The Diffie-Hellman part, which is all of a group that is not hybrid.
  const char* key_type;      // libcrypto's key type
  const char* curve;         // libcrypto's curve name; null where the key type says it all
  const char* exchange;      // libcrypto's key exchange
  size_t public_key_len;     // bytes
  size_t shared_secret_len;  // bytes
  MlKemPart ml_kem = MlKemPart::kNone;

  constexpr bool is_hybrid() const { return ml_kem != MlKemPart::kNone; }
  // The lengths of KeyShareEntry.key_exchange and of what the key schedule takes.
  constexpr size_t client_share_len() const {
    return public_key_len + (is_hybrid() ? kMlKem768EncapsulationKeyLen : 0);
  }
  constexpr size_t server_share_len() const {
    return public_key_len + (is_hybrid() ? kMlKem768CiphertextLen : 0);
  }
  constexpr size_t secret_len() const {
    return shared_secret_len + (is_hybrid() ? kMlKemSecretLen : 0);
  }
};

//= rfc8446#section-9.1
//# MUST support key exchange with secp256r1 (NIST P-256) and SHOULD
//# support key exchange with X25519 [RFC7748].
inline constexpr std::array<NamedGroupInfo, 7> kNamedGroups = {{
    {NamedGroup::kX25519, "X25519", nullptr, "X25519", 32, 32},
    {NamedGroup::kSecp256r1, "EC", "P-256", "ECDH", 65, 32},
    {NamedGroup::kSecp384r1, "EC", "P-384", "ECDH", 97, 48},
    {NamedGroup::kSecp521r1, "EC", "P-521", "ECDH", 133, 66},
    {NamedGroup::kX448, "X448", nullptr, "X448", 56, 56},
    {NamedGroup::kX25519MlKem768, "X25519", nullptr, "X25519", 32, 32, MlKemPart::kFirst},
    {NamedGroup::kSecp256r1MlKem768, "EC", "P-256", "ECDH", 65, 32, MlKemPart::kLast},
}};

// FindNamedGroup returns null for a group that this library does not know. Whether libcrypto can do
// it is Algorithms::Supports.
constexpr const NamedGroupInfo* FindNamedGroup(NamedGroup group) {
  for (const NamedGroupInfo& info : kNamedGroups) {
    if (info.group == group) return &info;
  }
  return nullptr;
}

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_NAMED_GROUP_H_
