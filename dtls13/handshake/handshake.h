// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/handshake/certificate_demand.h"
#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_result.h"
#include "dtls13/handshake/handshake_secrets.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello_info.h"
#include "dtls13/message/credential.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Handshake is one side's TLS 1.3 handshake as RFC 9147 runs it: whole messages in, actions out.
// It never sees records, fragments, message_seq, time or loss; messages come in order, once each.
// After a failed Status it is dead; the caller sends the alert.
class Handshake {
 public:
  virtual ~Handshake() = default;

  // HandleMessage takes the peer's next message, received under `epoch`. Call only when wait() is
  // kMessage.
  virtual Status HandleMessage(HandshakeType type, std::span<const uint8_t> body, Epoch epoch) = 0;
  // NextAction yields what is owed, oldest first; nothing when all is done.
  virtual std::optional<HandshakeAction> NextAction() = 0;
  virtual HandshakeWait wait() const = 0;

  // The identity that the peer showed; valid while wait() is kVerification and after.
  virtual const PeerIdentity& peer_identity() const = 0;
  const std::vector<std::vector<uint8_t>>& peer_certificates() const {
    return peer_identity().chain;
  }
  // The wishes of a server that asked for our certificate; valid while a client's wait() is
  // kCredential.
  virtual const CertificateRequestInfo& certificate_request() const = 0;
  virtual const SignatureRequest& signature_request() const = 0;

  // Answers; each only in its wait. A refused verification is `ok` false with the alert to send.
  virtual Status ProvideVerification(bool ok, AlertDescription alert) = 0;
  // An empty signature means the signer failed: internal_error.
  virtual Status ProvideSignature(std::span<const uint8_t> signature) = 0;
  // `psk` is the key of client_hello().psk_identities[index]; an empty one means that the caller
  // knows none of them (server).
  virtual Status ProvidePsk(size_t index, Psk psk) = 0;
  // A null `credential` means that the caller has none: handshake_failure (server), or
  // unknown_psk_identity if the client offered a PSK that nobody knew. A client then goes on
  // without, as it does with one that the server cannot take.
  virtual Status ProvideCredential(std::shared_ptr<const Credential> credential) = 0;

  // result is complete once Completed was yielded.
  virtual const HandshakeResult& result() const = 0;
  virtual HandshakeResult TakeResult() = 0;
  // secrets are complete with it, to be taken out.
  virtual HandshakeSecrets& secrets() = 0;
};

// ClientParameters are one client association's own.
struct ClientParameters {
  std::string server_name = {};  // SNI; empty sends none
  // The body of the ClientHello that the caller's own DTLS 1.2 would send; empty: it has none. Its
  // random and session id, and what else it offers, are in ours as well. A server that answers with
  // an older version ends the association with Reason::kPeerIsOlder; the peer is not told, and the
  // caller goes on with what it has heard.
  std::vector<uint8_t> legacy_hello = {};
  // What the caller adds to its ClientHello; the server may answer each.
  std::vector<CustomExtension> extensions = {};
  // Keys to offer, most wanted first: sessions of earlier connections and external ones. Those that
  // cannot be used (expired, another server_name, no suite) are left out silently.
  std::vector<Psk> psks = {};
  // Offer early data, if the first of `psks` that can be used is a session that allows it. Early
  // data has no forward secrecy, and anyone may repeat it to the server (RFC 8446 section 8): only
  // what does no harm when done twice belongs there.
  //= rfc8446#section-8
  //# Therefore, in normal
  //# operation, clients will not know which, if any, of these mechanisms
  //# servers actually implement and hence MUST only send early data which
  //# they deem safe to be replayed.
  bool early_data = false;
  // The time of the first ClientHello, which sessions' ages are reckoned by.
  WallTime now{};
};

// ServerParameters are one server association's own.
struct ServerParameters {
  // The client's transport address, any stable encoding: cookies are bound to it.
  std::vector<uint8_t> peer_address;
  // When the client's datagram arrived, which is when to make the association: cookies are issued
  // and judged by this time.
  WallTime now{};
};

// NewClientHandshake has its ClientHello ready among the actions. Null when the config leaves no
// suite, group or signature scheme to offer, or when randomness or libcrypto fails.
std::unique_ptr<Handshake> NewClientHandshake(std::shared_ptr<const HandshakeConfig> config,
                                              ClientParameters parameters);

// ServerHandshake adds what only a server is asked.
class ServerHandshake : public Handshake {
 public:
  // kMaxShortMessageLen: what a client has to say besides a ClientHello and a Certificate, a
  // CertificateVerify of as many bytes as libssl takes among it.
  static constexpr size_t kMaxShortMessageLen = 16 * 1024;

  // max_message_len bounds what the client may have to say at present, bytes.
  virtual size_t max_message_len() const = 0;
  // SetTime says what time it is before each message and answer: tickets, cookies and early data
  // are judged by it.
  virtual void SetTime(WallTime now) = 0;
  // HandleClientHello is HandleMessage for a ClientHello that was read before.
  virtual Status HandleClientHello(std::shared_ptr<const ReceivedHello> hello) = 0;
  // Valid from kPsk on.
  virtual const ClientHelloInfo& client_hello() const = 0;
  // ChooseProtocol takes the ALPN protocol from the caller instead of the config; in kPsk or
  // kCredential only, before the answer. One that the client did not offer is internal_error; an
  // empty one is none.
  virtual Status ChooseProtocol(std::string_view protocol) = 0;
  // AddExtensions takes what the caller adds to the messages behind the next answer; in kPsk or
  // kCredential only.
  virtual void AddExtensions(CustomExtensions extensions) = 0;
  // IgnoreServerName: the caller has no use for the client's server_name, which is then not
  // acknowledged; in kPsk or kCredential only, before the answer.
  virtual void IgnoreServerName() = 0;
  // DemandCertificate takes what is asked of the client from the caller instead of the config;
  // in kCredential only.
  virtual Status DemandCertificate(CertificateDemand demand) = 0;
};
std::unique_ptr<ServerHandshake> NewServerHandshake(std::shared_ptr<const HandshakeConfig> config,
                                                    ServerParameters parameters);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_H_
