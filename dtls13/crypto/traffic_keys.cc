// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/traffic_keys.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

//= rfc9147#section-4.2.3
//# [sender]_sn_key = HKDF-Expand-Label(Secret, "sn", "", key_length)
std::optional<TrafficKeys> DeriveTrafficKeys(const Algorithms& algorithms, const CipherSuite& suite,
                                             LabelPrefix prefix,
                                             std::span<const uint8_t> traffic_secret) {
  std::optional<Hkdf> hkdf = Hkdf::Create(algorithms, suite.hash, prefix);
  if (!hkdf || !hkdf->SetSecret(traffic_secret)) return std::nullopt;
  TrafficKeys keys{.key = hkdf->ExpandSecret("key", {}, suite.key_len),
                   .iv = hkdf->ExpandSecret("iv", {}, suite.iv_len),
                   .sn_key = hkdf->ExpandSecret("sn", {}, suite.key_len)};
  if (keys.key.empty() || keys.iv.empty() || keys.sn_key.empty()) return std::nullopt;
  return keys;
}

Secret PackTrafficKeys(const TrafficKeys& keys) {
  Secret packed(keys.key.size() + keys.sn_key.size() + keys.iv.size());
  auto at = packed.mutable_bytes().begin();
  for (const Secret* part : {&keys.key, &keys.sn_key, &keys.iv}) {
    at = std::copy(part->bytes().begin(), part->bytes().end(), at);
  }
  return packed;
}

std::optional<TrafficKeys> UnpackTrafficKeys(const CipherSuite& suite, const Secret& packed) {
  const std::span<const uint8_t> bytes = packed.bytes();
  if (bytes.size() != 2 * suite.key_len + suite.iv_len) return std::nullopt;
  return TrafficKeys{.key = Secret::CopyOf(bytes.first(suite.key_len)),
                     .iv = Secret::CopyOf(bytes.last(suite.iv_len)),
                     .sn_key = Secret::CopyOf(bytes.subspan(suite.key_len, suite.key_len))};
}

Secret NextTrafficSecret(const Algorithms& algorithms, const CipherSuite& suite, LabelPrefix prefix,
                         std::span<const uint8_t> traffic_secret) {
  return DeriveSecret(algorithms, suite.hash, traffic_secret, prefix, "traffic upd", {});
}

}  // namespace dtls13
