#ifndef DTLS13_HANDSHAKE_LOCAL_CERTIFICATE_H_
#define DTLS13_HANDSHAKE_LOCAL_CERTIFICATE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/certificate_wishes.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// LocalCertificate is our Certificate message, or the CompressedCertificate that replaces it.
struct LocalCertificate {
  HandshakeType type = HandshakeType::kCertificate;
  std::vector<uint8_t> body;  // empty: a field exceeds what the format can hold
};

// BuildLocalCertificate shows `credential` (null: nothing, which only a client may) to a peer that
// has these wishes: staples that it asked for, compressed where both sides can and it helps.
LocalCertificate BuildLocalCertificate(const HandshakeConfig& config,
                                       std::span<const uint8_t> context,
                                       const Credential* credential,
                                       const CertificateWishes& wishes);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_LOCAL_CERTIFICATE_H_
