// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_ACTION_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_ACTION_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/peer_identity.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

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
// AddressProved: the client has shown the cookie that was sent to its address.
struct AddressProved {};
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
  bool keys_still_needed = false;  // for the message that ends it
};
// TicketReceived: a session for later (client). Its issued_at is not set: actions know no time.
struct TicketReceived {
  std::unique_ptr<Session> session;
};
// TicketIssued: a session whose ticket is owed (server).
struct TicketIssued {
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
                 AddressProved, KeyLogLine, AllowEarlyData, EarlyDataAnswered, TicketReceived,
                 TicketIssued, Completed>;

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

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_ACTION_H_
