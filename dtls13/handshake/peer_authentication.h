#ifndef DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_
#define DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/certificate.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/certificate_wishes.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// PeerAuthentication reads what a peer shows of itself, Certificate or CompressedCertificate and
// then CertificateVerify, and holds it against what the peer was told: RFC 8446 sections 4.4.2 and
// 4.4.3, RFC 8879, RFC 7250. Movable.
// It does not know states, transcripts or trust: that the chain is to be believed is the verifier's
// to say.
class PeerAuthentication {
 public:
  // Terms are what the peer was told in our ClientHello or CertificateRequest.
  struct Terms {
    bool peer_is_server = false;
    CertificateType type = CertificateType::kX509;
    std::vector<uint8_t> context = {};  // certificate_request_context
    std::vector<SignatureScheme> schemes = {};
    std::vector<ExtensionType> offered = {};  // all extensions of that message
  };

  PeerAuthentication() = default;
  explicit PeerAuthentication(Terms terms) : terms_(std::move(terms)) {}

  // ReadCertificate fills `*identity`; a client's that shows nothing leaves its chain empty. The
  // alerts are those of CheckCertificate and DecompressCertificate; a key that does not parse is
  // bad_certificate, one that TLS 1.3 has no scheme for unsupported_certificate.
  Status ReadCertificate(const HandshakeConfig& config, HandshakeType type,
                         std::span<const uint8_t> body, PeerIdentity* identity);

  // ReadCertificateVerify: `transcript` ends with the Certificate, which was not empty. A scheme
  // that we did not list, or that is not for the key, is illegal_parameter, a wrong signature
  // decrypt_error. `*scheme` is set on success.
  Status ReadCertificateVerify(const Algorithms& algorithms, std::span<const uint8_t> body,
                               const TranscriptHash& transcript, SignatureScheme* scheme) const;

 private:
  Status ReadKey(const Algorithms& algorithms, std::span<const uint8_t> der);

  Terms terms_;
  std::optional<CertificateKey> key_;
};

// WishesOf is what `config` has us tell a peer of the certificates we take.
CertificateWishes WishesOf(const HandshakeConfig& config);

// ReadCertificateContext reads the certificate_request_context of a Certificate or
// CompressedCertificate, by which a server finds the request that it answers.
Status ReadCertificateContext(const HandshakeConfig& config, HandshakeType type,
                              std::span<const uint8_t> body, std::vector<uint8_t>* context);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_
