// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_LEGACY_HELLO_H_
#define DTLS13_MESSAGE_LEGACY_HELLO_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dtls13 {

// LegacyHello is a ClientHello of DTLS 1.2 or older, taken apart: what the caller's own older DTLS
// adds to a ClientHello of DTLS 1.3, so that a server of either version can answer it. Lists are in
// the older hello's order, but for SHA-1 signature schemes, which come last. `random` (32 bytes)
// and `session_id` are to be the same in both hellos: a server's cookie may be made of them.
struct LegacyHello {
  std::vector<uint8_t> random;
  std::vector<uint8_t> session_id;
  std::vector<uint16_t> versions;  // below DTLS 1.3; empty: there is no such hello
  std::vector<uint16_t> cipher_suites;
  std::vector<uint16_t> groups;
  std::vector<uint16_t> signature_schemes;
  // Only those that mean nothing to DTLS 1.3, and so cannot be answered by a server that has it.
  struct Extension {
    uint16_t type = 0;
    std::vector<uint8_t> data;
  };
  std::vector<Extension> extensions;

  bool empty() const { return versions.empty(); }
};

// ReadLegacyHello takes the body of a ClientHello. Nothing when it is malformed, or offers DTLS 1.3
// itself.
std::optional<LegacyHello> ReadLegacyHello(std::span<const uint8_t> body);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_LEGACY_HELLO_H_
