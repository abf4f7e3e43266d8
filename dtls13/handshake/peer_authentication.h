// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_
#define DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/certificate.h"
#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_wishes.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// PeerAuthentication reads what a peer shows of itself, Certificate or CompressedCertificate and
// then CertificateVerify, in the handshake and after it, and holds it against what the peer was
// told: RFC 8446 sections 4.3.2, 4.4.2 and 4.4.3, RFC 8879, RFC 7250. What it has read is added to
// the transcript that it is given, which ends with the message before. Movable.
// It does not know states, epochs or trust: that the chain is to be believed is the verifier's to
// say.
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

  // Request makes a server's CertificateRequest, in `context`, with the names of `authorities` and
  // the caller's own `extensions`; what answers it is read next. Empty when the config has no
  // scheme that TLS 1.3 signs with, of which the message must name one, and when a field exceeds
  // what the format can hold.
  std::vector<uint8_t> Request(const HandshakeConfig& config, CertificateType type,
                               std::vector<uint8_t> context,
                               std::vector<std::vector<uint8_t>> authorities,
                               std::vector<CustomExtension> extensions = {});
  // certificate_request_context of what is read.
  const std::vector<uint8_t>& context() const { return terms_.context; }

  // ReadCertificate fills `*identity`; a client's that shows nothing leaves its chain empty. The
  // alerts are those of CheckCertificate and DecompressCertificate; a key that does not parse is
  // bad_certificate, one that TLS 1.3 has no scheme for unsupported_certificate.
  Status ReadCertificate(const HandshakeConfig& config, HandshakeType type,
                         std::span<const uint8_t> body, Transcript* transcript,
                         PeerIdentity* identity);

  // ReadCertificateVerify follows a Certificate that was not empty. A scheme that we did not list,
  // or that is not for the key, is illegal_parameter, a wrong signature decrypt_error. `*scheme` is
  // set on success.
  Status ReadCertificateVerify(const Algorithms& algorithms, std::span<const uint8_t> body,
                               Transcript* transcript, SignatureScheme* scheme) const;

 private:
  Status ReadChain(const HandshakeConfig& config, const CertificateView& certificate,
                   PeerIdentity* identity);
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

// CheckFinished verifies the peer's Finished, which follows `transcript`: `base_secret` is as in
// MakeFinished. A wrong length is decode_error, a wrong MAC decrypt_error.
Status CheckFinished(const Secret& base_secret, const Transcript& transcript,
                     std::span<const uint8_t> body, KeySchedule* schedule);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_PEER_AUTHENTICATION_H_
