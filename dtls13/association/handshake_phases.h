// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_HANDSHAKE_PHASES_H_
#define DTLS13_ASSOCIATION_HANDSHAKE_PHASES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "dtls13/event.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_result.h"
#include "dtls13/handshake/handshake_secrets.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// HandshakePhases is an association's handshake and what follows it: which of the two machines a
// message or an answer is for, whose answer is waited for and whether the caller was told, what
// there is to be seen of them, and the result and the secrets that outlive the first.
// It does not know records, flights, time but as an argument, or whether the association failed.
class HandshakePhases {
 public:
  // --- from one phase to the next

  void BeginClient(std::unique_ptr<Handshake> handshake) { handshake_ = std::move(handshake); }
  void BeginServer(std::unique_ptr<ServerHandshake> handshake) {
    server_handshake_ = handshake.get();
    handshake_ = std::move(handshake);
  }
  // Complete ends the first phase: its result is taken, and its data stay to be looked at. Secrets
  // that nobody has a use for go with it.
  void Complete(std::shared_ptr<const HandshakeConfig> config, bool is_client);
  // WriteState and ReadState carry what is known once connected() to another process. False when it
  // is no such state, or none that goes with `config`.
  void WriteState(const HandshakeConfig& config, ByteWriter* writer) const;
  [[nodiscard]] bool ReadState(const HandshakeConfig& config, ByteReader* reader);
  // Restore begins the second phase behind ReadState, with the present application secrets.
  void Restore(std::shared_ptr<const HandshakeConfig> config, bool is_client,
               HandshakeSecrets secrets, Epoch read_epoch, Epoch write_epoch);
  // WriteMemory writes all that is known once connected() and quiet, but for what
  // PostHandshake::TakeCarried takes; ReadMemory begins the second phase with it in a new one, in
  // the same process. `read_epoch` and `write_epoch` are those of the present application secrets.
  void WriteMemory(const HandshakeConfig& config, ByteWriter* writer) const;
  [[nodiscard]] bool ReadMemory(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                                Epoch read_epoch, Epoch write_epoch, ByteReader* reader);
  // ForgetHandshake frees the handshake, whose data nobody looks at any more.
  void ForgetHandshake();
  // ForgetSecrets ends both phases' use of secrets; connected() stays what it is.
  void ForgetSecrets();

  bool connected() const { return connected_; }
  // handshake is null before it begins and once it was forgotten; server_handshake is it if it is a
  // server's. post_handshake is null before connected() and after ForgetSecrets.
  Handshake* handshake() const { return handshake_.get(); }
  ServerHandshake* server_handshake() const { return server_handshake_; }
  PostHandshake* post_handshake() const { return post_handshake_.get(); }

  // --- messages

  // HandleMessage passes on a message of the peer's, which a server judges by the time `now`.
  Status HandleMessage(HandshakeType type, std::span<const uint8_t> body, Epoch epoch,
                       WallTime now);
  // AwaitsMessage: the peer's next message may be handled.
  bool AwaitsMessage() const { return connected_ || handshake_->wait() == HandshakeWait::kMessage; }

  // --- answers

  // wait says whose answer is needed at present.
  HandshakeWait wait() const;
  // TakeQuestion yields what the caller is to be asked, once for each wait.
  std::optional<EventType> TakeQuestion();
  // OnAnswered: the next question is one of its own, even if it is of the same kind.
  void OnAnswered() { announced_ = HandshakeWait::kMessage; }
  // Each answer goes to the phase whose wait it is. Requires that wait.
  Status ProvideCredential(std::shared_ptr<const Credential> credential);
  Status ProvideSignature(std::span<const uint8_t> signature);
  Status ProvideVerification(bool ok, AlertDescription alert);

  // --- what there is to be seen

  // Shown is what the present phase lets the caller look at; empty where there is nothing.
  struct Shown {
    const ClientHelloInfo& client_hello;
    const SignatureRequest& signature_request;
    const CertificateRequestInfo& certificate_request;
    const PeerIdentity& peer_identity;
  };
  Shown shown() const;
  // result is what is agreed on so far.
  const HandshakeResult& result() const {
    return connected_ || handshake_ == nullptr ? result_ : handshake_->result();
  }
  // OnPeerAuthenticated: the peer has shown a certificate after the handshake, signed by `scheme`.
  void OnPeerAuthenticated(SignatureScheme scheme) { result_.peer_signature_scheme = scheme; }
  // exporter_secret is empty before connected(), early_exporter_secret unless early data may flow.
  const Secret& exporter_secret() const { return exporter_secret_; }
  const Secret& early_exporter_secret() const;

  // --- sessions

  // SetSessionData sets what sessions of this connection carry for the application.
  void SetSessionData(std::vector<uint8_t> data) { session_data_ = std::move(data); }
  // WithholdTickets: no session of the connection is to be resumed.
  void WithholdTickets() { withholds_tickets_ = true; }
  // BeginTickets comes once connected(): where `config` and the peer have sessions, a server's
  // tickets are owed, and a client's are read.
  void BeginTickets(const HandshakeConfig& config, bool is_client, WallTime now);

 private:
  // present_auth is the authentication whose turn it is, once connected; null while it is the
  // handshake's.
  const PostHandshakeAuth* present_auth() const;
  // AllowTickets makes sessions of the connection from here on.
  void AllowTickets();
  // KeepExporters takes the secrets that stay: each as long as the connection.
  void KeepExporters(Secret exporter_secret, Secret early_exporter_secret);

  bool connected_ = false;
  bool withholds_tickets_ = false;
  HandshakeWait announced_ = HandshakeWait::kMessage;
  std::unique_ptr<Handshake> handshake_;
  ServerHandshake* server_handshake_ = nullptr;  // handshake_ of a server
  std::unique_ptr<PostHandshake> post_handshake_;
  HandshakeResult result_;
  Secret exporter_secret_;
  std::unique_ptr<Secret> early_exporter_secret_;  // once connected; null for none
  std::vector<uint8_t> session_data_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_HANDSHAKE_PHASES_H_
