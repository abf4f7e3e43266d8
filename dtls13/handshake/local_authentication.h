// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_LOCAL_AUTHENTICATION_H_
#define DTLS13_HANDSHAKE_LOCAL_AUTHENTICATION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/certificate_wishes.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// AuthenticationMessage is a Certificate, the CompressedCertificate that replaces it, a
// CertificateVerify or a Finished that is to be sent.
struct AuthenticationMessage {
  HandshakeType type = HandshakeType::kCertificate;
  std::vector<uint8_t> body;
};

// LocalAuthentication shows what one side has to show of itself, Certificate or
// CompressedCertificate and then CertificateVerify, in the handshake and after it: RFC 8446
// sections 4.4.2, 4.4.3 and 4.6.2, RFC 8879. What it makes is added to the transcript that it is
// given, which ends with the message before. Failures are internal_error.
// It does not know states, epochs, who chose the credential or who signs.
class LocalAuthentication {
 public:
  // ShowCredential makes a server's Certificate, with the staples that the client's `wishes` ask
  // for, compressed where both sides can and it helps. The signature of `scheme` is wanted then.
  Status ShowCredential(const HandshakeConfig& config, const Credential& credential,
                        SignatureScheme scheme, const CertificateWishes& wishes,
                        Transcript* transcript, AuthenticationMessage* certificate);

  // AnswerRequest makes a client's Certificate, of `credential` (null: it has none) if that is of
  // the type and has a scheme that `request` takes, and else an empty one: then no signature is
  // wanted.
  Status AnswerRequest(const HandshakeConfig& config, const CertificateRequestInfo& request,
                       const Credential* credential, Transcript* transcript,
                       AuthenticationMessage* certificate);

  // wants_signature: signature_request() says what is to be signed for the CertificateVerify.
  bool wants_signature() const { return wants_signature_; }
  const SignatureRequest& signature_request() const { return signature_request_; }

  // ProvideSignature makes the CertificateVerify. An empty signature is the signer's failure.
  Status ProvideSignature(std::span<const uint8_t> signature, Transcript* transcript,
                          AuthenticationMessage* certificate_verify);

 private:
  Status Show(const HandshakeConfig& config, std::span<const uint8_t> context,
              const Credential* credential, const CertificateWishes& wishes, Transcript* transcript,
              AuthenticationMessage* certificate);
  Status RequestSignature(bool is_server, SignatureScheme scheme, const Transcript& transcript);

  bool wants_signature_ = false;
  SignatureRequest signature_request_{};
};

// MakeFinished returns the body of the Finished that ends `transcript`, RFC 8446 section 4.4.4:
// `base_secret` is the sender's handshake traffic secret or, after the handshake, its application
// traffic secret. Empty when libcrypto fails.
std::vector<uint8_t> MakeFinished(const Secret& base_secret, const Transcript& transcript,
                                  KeySchedule* schedule);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_LOCAL_AUTHENTICATION_H_
