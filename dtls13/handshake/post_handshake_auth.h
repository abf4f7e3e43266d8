// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_POST_HANDSHAKE_AUTH_H_
#define DTLS13_HANDSHAKE_POST_HANDSHAKE_AUTH_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_result.h"
#include "dtls13/handshake/local_authentication.h"
#include "dtls13/handshake/peer_authentication.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/credential.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// PostHandshakeAuth is client authentication after the handshake, RFC 8446 section 4.6.2, of the
// side that is asked (client) or asks (server). It keeps the state of the handshake's transcript
// hash, which every exchange begins with, and at most kMaxRequests exchanges.
// It does not know epochs, acknowledgements or when a message may leave: PostHandshake does.
class PostHandshakeAuth {
 public:
  // kMaxRequests bounds the exchanges under way: what several resources of one page may want.
  static constexpr size_t kMaxRequests = 4;

  // `result` and `transcript` are a completed handshake's.
  PostHandshakeAuth(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                    const HandshakeResult& result, Transcript transcript);

  // HandleMessage takes a server's CertificateRequest or, on a server, the messages that answer
  // one; `read_secret` is the peer's present application secret, which its Finished is made with.
  // What nobody asked for, and more requests than kMaxRequests, is unexpected_message.
  Status HandleMessage(HandshakeType type, std::span<const uint8_t> body,
                       const Secret& read_secret);
  // IsMidAnswer: the rest of a client's answer has to come before anything else.
  bool IsMidAnswer() const { return step_ != Step::kCertificate; }

  // ExpectsAnswer: a server has asked, and has not read all of the answer.
  bool ExpectsAnswer() const { return num_answered_ < exchanges_.size(); }

  // wait says whose answer is needed: the client's caller's for a credential or signature, the
  // server's for a verdict on an answer that is proved. kMessage: nobody's.
  HandshakeWait wait() const;
  const CertificateRequestInfo& certificate_request() const;
  const SignatureRequest& signature_request() const {
    return local_authentication_.signature_request();
  }
  // The identity to be verified, or else the last that was.
  const PeerIdentity& peer_identity() const;

  // Answers; each only in its wait.
  Status ProvideCredential(const std::shared_ptr<const Credential>& credential);
  Status ProvideSignature(std::span<const uint8_t> signature);
  Status ProvideVerification(bool ok, AlertDescription alert);

  // Server: Request begins an exchange and returns its CertificateRequest. Empty when kMaxRequests
  // are under way, or when libcrypto or randomness fails.
  std::vector<uint8_t> Request();
  // Server: what became of the oldest exchange that ended and was not told of; nothing if none.
  std::optional<ClientAuthenticated> TakeOutcome();

  // Client: TakeAnswer returns the messages of the answer that is ready, in order and to be sent
  // with nothing in between; empty when none is. `write_secret` is that of the epoch they leave in.
  // Empty as well when libcrypto fails, which `*status` then says.
  std::vector<AuthenticationMessage> TakeAnswer(const Secret& write_secret, Status* status);

 private:
  // Step is what a server expects next of the answer it is reading.
  enum class Step : uint8_t { kCertificate, kCertificateVerify, kFinished };
  enum class Stage : uint8_t { kCredential, kSignature, kReady };

  // Asked is an exchange of a client's, the oldest of which is answered first.
  struct Asked {
    CertificateRequestInfo request;
    Transcript transcript;  // up to the CertificateRequest, then what is answered
  };
  // Exchange is one of a server's: asked, being answered, or to be verified.
  struct Exchange {
    Transcript transcript;
    PeerAuthentication authentication;
    PeerIdentity identity = {};
    SignatureScheme signature_scheme{};
    bool answered = false;
  };

  Status HandleRequest(std::span<const uint8_t> body);
  // StartAnswer goes on with the oldest request, as far as it can without the caller.
  Status StartAnswer();
  Status UseCredential(const Credential* credential);

  Status HandleCertificate(HandshakeType type, std::span<const uint8_t> body);
  Status HandleCertificateVerify(std::span<const uint8_t> body);
  Status HandleFinished(std::span<const uint8_t> body, const Secret& read_secret);
  void SettleDeclined();
  // FinishedKeys is a key schedule that is there for its FinishedMac alone.
  KeySchedule FinishedKeys() const;

  std::shared_ptr<const HandshakeConfig> config_;
  bool is_client_;
  CertificateType certificate_type_;
  HashId hash_;
  Transcript handshake_;

  // Client.
  std::deque<Asked> asked_;
  Stage stage_ = Stage::kCredential;  // of asked_.front()
  LocalAuthentication local_authentication_;
  std::vector<AuthenticationMessage> answer_;

  // Server. Those that were answered stand first, in the order of their answers.
  std::deque<Exchange> exchanges_;
  size_t num_answered_ = 0;
  Exchange* answering_ = nullptr;  // in exchanges_, while IsMidAnswer()
  Step step_ = Step::kCertificate;
  uint32_t num_requests_ = 0;
  PeerIdentity verified_;
  std::deque<ClientAuthenticated> outcomes_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_POST_HANDSHAKE_AUTH_H_
