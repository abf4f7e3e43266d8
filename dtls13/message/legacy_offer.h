#ifndef DTLS13_MESSAGE_LEGACY_OFFER_H_
#define DTLS13_MESSAGE_LEGACY_OFFER_H_

#include <cstdint>
#include <vector>

namespace dtls13 {

// LegacyOffer is what an older DTLS of the caller's adds to our ClientHello, so that a server of
// either version can answer it. Lists are in the older hello's order.
struct LegacyOffer {
  std::vector<uint16_t> versions;  // below DTLS 1.3; empty: there is no such offer
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

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_LEGACY_OFFER_H_
