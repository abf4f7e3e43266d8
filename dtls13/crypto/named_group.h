// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_NAMED_GROUP_H_
#define DTLS13_CRYPTO_NAMED_GROUP_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// MlKem is one parameter set of ML-KEM: its name in libcrypto, which has it from 3.5 on, and its
// sizes in bytes, FIPS 203 table 3.
struct MlKem {
  const char* name;
  size_t encapsulation_key_len;
  size_t ciphertext_len;
};

inline constexpr MlKem kMlKem512{"ML-KEM-512", 800, 768};
inline constexpr MlKem kMlKem768{"ML-KEM-768", 1184, 1088};
inline constexpr MlKem kMlKem1024{"ML-KEM-1024", 1568, 1568};
inline constexpr size_t kMlKemSecretLen = 32;

// KemOrder says where ML-KEM's part stands in a hybrid group's shares and secret. The drafts
// settled on an order for each group: the part that FIPS has approved longest comes first.
enum class KemOrder : uint8_t { kFirst, kLast };

// NamedGroupInfo is what libcrypto, RFC 8446 section 4.2.8, RFC 8734, draft-ietf-tls-ecdhe-mlkem
// section 4 and draft-ietf-tls-mlkem section 4 say of one group. Entries are static.
struct NamedGroupInfo {
  NamedGroup group;
  const char* name;  // "P-256"
  // The Diffie-Hellman part: all of most groups; null, and without lengths, in ML-KEM alone.
  const char* key_type;      // libcrypto's key type
  const char* curve;         // libcrypto's curve name; null where the key type says it all
  const char* exchange;      // libcrypto's key exchange
  size_t public_key_len;     // bytes
  size_t shared_secret_len;  // bytes
  // The key encapsulation part; null: none.
  const MlKem* ml_kem = nullptr;
  KemOrder order = KemOrder::kFirst;

  constexpr bool has_diffie_hellman() const { return key_type != nullptr; }
  // The lengths of KeyShareEntry.key_exchange and of what the key schedule takes.
  constexpr size_t client_share_len() const {
    return public_key_len + (ml_kem != nullptr ? ml_kem->encapsulation_key_len : 0);
  }
  constexpr size_t server_share_len() const {
    return public_key_len + (ml_kem != nullptr ? ml_kem->ciphertext_len : 0);
  }
  constexpr size_t secret_len() const {
    return shared_secret_len + (ml_kem != nullptr ? kMlKemSecretLen : 0);
  }
};

//= rfc8446#section-9.1
//# MUST support key exchange with secp256r1 (NIST P-256) and SHOULD
//# support key exchange with X25519 [RFC7748].
inline constexpr std::array<NamedGroupInfo, 14> kNamedGroups = {{
    {NamedGroup::kX25519, "X25519", "X25519", nullptr, "X25519", 32, 32},
    {NamedGroup::kSecp256r1, "P-256", "EC", "P-256", "ECDH", 65, 32},
    {NamedGroup::kSecp384r1, "P-384", "EC", "P-384", "ECDH", 97, 48},
    {NamedGroup::kSecp521r1, "P-521", "EC", "P-521", "ECDH", 133, 66},
    {NamedGroup::kX448, "X448", "X448", nullptr, "X448", 56, 56},
    {NamedGroup::kBrainpoolP256r1Tls13, "brainpoolP256r1tls13", "EC", "brainpoolP256r1", "ECDH", 65,
     32},
    {NamedGroup::kBrainpoolP384r1Tls13, "brainpoolP384r1tls13", "EC", "brainpoolP384r1", "ECDH", 97,
     48},
    {NamedGroup::kBrainpoolP512r1Tls13, "brainpoolP512r1tls13", "EC", "brainpoolP512r1", "ECDH",
     129, 64},
    {NamedGroup::kX25519MlKem768, "X25519MLKEM768", "X25519", nullptr, "X25519", 32, 32, &kMlKem768,
     KemOrder::kFirst},
    {NamedGroup::kSecp256r1MlKem768, "SecP256r1MLKEM768", "EC", "P-256", "ECDH", 65, 32, &kMlKem768,
     KemOrder::kLast},
    {NamedGroup::kSecp384r1MlKem1024, "SecP384r1MLKEM1024", "EC", "P-384", "ECDH", 97, 48,
     &kMlKem1024, KemOrder::kLast},
    {NamedGroup::kMlKem512, "MLKEM512", nullptr, nullptr, nullptr, 0, 0, &kMlKem512},
    {NamedGroup::kMlKem768, "MLKEM768", nullptr, nullptr, nullptr, 0, 0, &kMlKem768},
    {NamedGroup::kMlKem1024, "MLKEM1024", nullptr, nullptr, nullptr, 0, 0, &kMlKem1024},
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
