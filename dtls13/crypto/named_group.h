#ifndef DTLS13_CRYPTO_NAMED_GROUP_H_
#define DTLS13_CRYPTO_NAMED_GROUP_H_

#include <array>
#include <cstddef>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// NamedGroupInfo is what libcrypto and RFC 8446 section 4.2.8 say of one group. Entries are static.
struct NamedGroupInfo {
  NamedGroup group;
  const char* key_type;   // libcrypto's key type
  const char* curve;      // libcrypto's curve name; null where the key type says it all
  const char* exchange;   // libcrypto's key exchange
  size_t public_key_len;  // bytes of KeyShareEntry.key_exchange
  size_t shared_secret_len;
};

inline constexpr std::array<NamedGroupInfo, 3> kNamedGroups = {{
    {NamedGroup::kX25519, "X25519", nullptr, "X25519", 32, 32},
    {NamedGroup::kSecp256r1, "EC", "P-256", "ECDH", 65, 32},
    {NamedGroup::kSecp384r1, "EC", "P-384", "ECDH", 97, 48},
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
