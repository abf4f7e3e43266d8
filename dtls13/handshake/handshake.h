#ifndef DTLS13_HANDSHAKE_HANDSHAKE_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/certificate_demand.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello_info.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// Actions are what a handshake wants done, in order. They are values: a handshake calls nobody.

// SendMessage: `body` goes out under `epoch` as the next message of the present flight.
struct SendMessage {
  Epoch epoch;
  HandshakeType type;
  std::vector<uint8_t> body;
};
// SendStateless: a HelloRetryRequest that leaves nothing behind. It is sent once, never
// retransmitted; the handshake is back where it began, waiting for a ClientHello.
struct SendStateless {
  HandshakeType type;
  std::vector<uint8_t> body;
};
struct InstallReadKeys {
  Epoch epoch;
  const CipherSuite* suite;
  Secret traffic_secret;
};
struct InstallWriteKeys {
  Epoch epoch;
  const CipherSuite* suite;
  Secret traffic_secret;
};
// PeerIsDtls13: from here on the peer is known to speak DTLS 1.3, so ACKs may be sent and taken
// (RFC 9147bis section 7).
struct PeerIsDtls13 {};
// KeyLogLine: one NSS key log label and secret ("CLIENT_HANDSHAKE_TRAFFIC_SECRET"), with the
// client's random.
struct KeyLogLine {
  const char* label;
  std::array<uint8_t, 32> client_random;
  Secret secret;
};
// AllowEarlyData: epoch 1 carries up to `max_len` bytes of early data, a client's to send and a
// server's to receive.
struct AllowEarlyData {
  const CipherSuite* suite;
  Secret traffic_secret;
  uint32_t max_len = 0;
};
// EarlyDataAnswered: the client knows whether the server takes its early data.
struct EarlyDataAnswered {
  bool accepted = false;
};
// TicketReceived: a session for later (client). Its issued_at is not set: actions know no time.
struct TicketReceived {
  std::unique_ptr<Session> session;
};
// Completed: the peer's Finished verified and ours is sent or queued. The client's final flight
// still wants its ACK.
struct Completed {};

// ClientAuthenticated: a client that was asked after the handshake has proved what `identity` says
// and the caller accepted, or has declined. By now peer_identity() may be another answer's.
struct ClientAuthenticated {
  bool declined = false;
  SignatureScheme signature_scheme{};  // of its CertificateVerify, unless declined
  std::shared_ptr<const PeerIdentity> identity = {};
};

using HandshakeAction =
    std::variant<ClientAuthenticated, SendMessage, SendStateless, InstallReadKeys, InstallWriteKeys,
                 ExpectConnectionId, RetireConnectionId, SendWithConnectionId, PeerIsDtls13,
                 KeyLogLine, AllowEarlyData, EarlyDataAnswered, TicketReceived, Completed>;

// HandshakeWait is the one thing a handshake waits for. Only kMessage is resolved by the peer.
enum class HandshakeWait : uint8_t {
  kMessage,       // the peer's next message
  kPsk,           // ProvidePsk
  kCredential,    // ProvideCredential
  kSignature,     // ProvideSignature
  kVerification,  // ProvideVerification
  kNothing,       // completed or failed
};

struct SignatureRequest {
  SignatureScheme scheme;
  std::vector<uint8_t> input;  // exactly the bytes to sign, RFC 8446 section 4.4.3
};

// EarlyDataOutcome is what became of a client's early data.
enum class EarlyDataOutcome : uint8_t {
  kNone,     // none was offered
  kOffered,  // client: the server has not answered yet
  kAccepted,
  kRejected,  // whatever was sent is lost; the application may send it again
};

// HandshakeResult is what survives the handshake object.
struct HandshakeResult {
  const CipherSuite* suite = nullptr;
  NamedGroup group = NamedGroup::kX25519;  // 0 after PskKeyExchangeMode::kPskKe
  // The scheme of the peer's newest CertificateVerify, and of ours in the handshake; 0 where there
  // was none.
  SignatureScheme peer_signature_scheme{};
  SignatureScheme local_signature_scheme{};
  bool used_hello_retry_request = false;
  // Of the client's PSKs, the one that authenticated both sides; nothing where certificates did.
  std::optional<uint16_t> psk_index;
  PskKeyExchangeMode psk_mode = PskKeyExchangeMode::kPskDheKe;  // if psk_index
  // psk_index is a session's: peer_certificates() are those of the connection it came from.
  bool resumed = false;
  // resumed: the session's authenticated_at.
  std::optional<WallTime> authenticated_at;
  EarlyDataOutcome early_data = EarlyDataOutcome::kNone;
  const CipherSuite* early_suite = nullptr;  // of early_exporter_secret
  Secret early_exporter_secret;              // empty unless early data may flow
  // Server: the client can use tickets, in a mode that we allow.
  bool takes_tickets = false;
  std::string server_name;
  ConnectionResult connection;
  ConnectionIdAgreement connection_ids;
  Secret client_application_secret;  // generation 0, for KeyUpdate
  Secret server_application_secret;
  Secret exporter_secret;
  Secret resumption_secret;
  // The whole handshake's, kept only for authentication after it.
  std::unique_ptr<Transcript> transcript;
  CertificateType client_certificate_type = CertificateType::kX509;
};

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

  // What the peer showed; valid while wait() is kVerification and after.
  virtual const PeerIdentity& peer_identity() const = 0;
  const std::vector<std::vector<uint8_t>>& peer_certificates() const {
    return peer_identity().chain;
  }
  // What the server wants of our certificate; valid while a client's wait() is kCredential.
  virtual const CertificateRequestInfo& certificate_request() const = 0;
  virtual const SignatureRequest& signature_request() const = 0;

  // Answers; each only in its wait. A refused verification is `ok` false with the alert to send.
  virtual Status ProvideVerification(bool ok, AlertDescription alert) = 0;
  // An empty signature means the signer failed: internal_error.
  virtual Status ProvideSignature(std::span<const uint8_t> signature) = 0;
  // `psk` is the key of client_hello().psk_identities[index]; an empty one means that the caller
  // knows none of them (server).
  virtual Status ProvidePsk(size_t index, Psk psk) = 0;
  // Null means the caller has none: handshake_failure (server), or unknown_psk_identity if the
  // client offered a PSK that nobody knew. A client then goes on without, as it does with one that
  // the server cannot take.
  virtual Status ProvideCredential(std::shared_ptr<const Credential> credential) = 0;

  // result is complete once Completed was yielded.
  virtual const HandshakeResult& result() const = 0;
  virtual HandshakeResult TakeResult() = 0;
};

// ClientParameters are one client association's own.
struct ClientParameters {
  std::string server_name = {};  // SNI; empty sends none
  // The body of the ClientHello that the caller's own DTLS 1.2 would send; empty: it has none. Its
  // random and session id, and what else it offers, are in ours as well. A server that answers with
  // an older version ends the association with Reason::kPeerIsOlder; the peer is not told, and the
  // caller goes on with what it has heard.
  std::vector<uint8_t> legacy_hello = {};
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
  // DemandCertificate takes what is asked of the client from the caller instead of the config;
  // in kCredential only.
  virtual Status DemandCertificate(CertificateDemand demand) = 0;
};
std::unique_ptr<ServerHandshake> NewServerHandshake(std::shared_ptr<const HandshakeConfig> config,
                                                    ServerParameters parameters);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_H_
