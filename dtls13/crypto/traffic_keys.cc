// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/traffic_keys.h"

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

Secret NextTrafficSecret(const Algorithms& algorithms, const CipherSuite& suite, LabelPrefix prefix,
                         std::span<const uint8_t> traffic_secret) {
  return DeriveSecret(algorithms, suite.hash, traffic_secret, prefix, "traffic upd", {});
}

}  // namespace dtls13
