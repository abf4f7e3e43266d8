#include "dtls13/crypto/traffic_keys.h"

#include <utility>

namespace dtls13 {

//= rfc9147#section-4.2.3
//# [sender]_sn_key = HKDF-Expand-Label(Secret, "sn", "", key_length)
std::optional<TrafficKeys> DeriveTrafficKeys(const Algorithms& algorithms, const CipherSuite& suite,
                                             LabelPrefix prefix,
                                             std::span<const uint8_t> traffic_secret) {
  std::optional<LabelExpander> expander =
      LabelExpander::Create(algorithms, suite.hash, traffic_secret, prefix);
  if (!expander) return std::nullopt;
  TrafficKeys keys{.key = expander->ExpandSecret("key", {}, suite.key_len),
                   .iv = expander->ExpandSecret("iv", {}, suite.iv_len),
                   .sn_key = expander->ExpandSecret("sn", {}, suite.key_len)};
  if (keys.key.empty() || keys.iv.empty() || keys.sn_key.empty()) return std::nullopt;
  return keys;
}

Secret NextTrafficSecret(const Algorithms& algorithms, const CipherSuite& suite, LabelPrefix prefix,
                         std::span<const uint8_t> traffic_secret) {
  return DeriveSecret(algorithms, suite.hash, traffic_secret, prefix, "traffic upd", {});
}

}  // namespace dtls13
