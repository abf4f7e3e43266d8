// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_EVENT_H_
#define DTLS13_EVENT_H_

#include <cstdint>
#include <memory>
#include <span>

#include "dtls13/message/peer_identity.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// EventType, in the order a handshake meets them.
enum class EventType : uint8_t {
  // What AssociationFacts has for the answer is named after it.
  kPskWanted,            // server: answer with ProvidePsk; client_hello has the identities
  kCredentialWanted,     // answer with ProvideCredential; client_hello of a server, or
                         // certificate_request of a client, says what was asked
  kSignatureWanted,      // answer with ProvideSignature; signature_request has scheme and input
  kVerifyPeer,           // answer with ProvideVerification; peer_certificates() has the chain
  kKeyLog,               // `data` is one NSS key log line without newline
  kTrace,                // one message, alert or ACK went by: `trace`, `data`
  kEarlyData,            // server: `data` is one record's content; anybody may have repeated it
  kEarlyDataAccepted,    // client: the server takes what SealEarly made, as far as it arrives
  kEarlyDataRejected,    // client: all that SealEarly made is lost; send it again if that is right
  kConnected,            // the peer is authenticated; application data flows from here on
  kApplicationData,      // `data` is one record's content, in the datagram's own buffer
  kClientAuthenticated,  // server: a RequestClientCertificate is answered by `identity`
  kClientDeclined,       // server: one is answered, and the client shows none
  // `data` is one of ours: datagrams that carry it are for this association.
  kConnectionIdAdded,
  // `data` was one of ours: nothing that carries it is for this association any more.
  kConnectionIdRetired,
  // `data` is the path in use from here on: the peer answered there.
  kPeerMoved,
  // The peer was heard from path `data`. Prove it there, if it matters, and say so with
  // ConfirmPath; or leave it.
  kPeerAddressCandidate,
  kHandshakeAcked,  // client: the server acknowledged the final flight
  kTicket,          // client: `session` can be resumed by a later connection; server with
                    // tell_tickets: it can be resumed by the client, whose ticket is owed
  kPeerClosed,      // close_notify: the clean end of what the peer sends; writing is still possible
  kFailed,          // the association is over: `status`; `from_peer` if the peer's alert said so
};

// TraceInfo describes a Trace event. For handshake messages `data` is the whole message with its
// 12-byte DTLS header as if unfragmented; for alerts 2 bytes; for ACKs the list.
struct TraceInfo {
  bool outgoing = false;
  ContentType content_type = ContentType::kInvalid;
  Epoch epoch = {};
};

// Event is one thing that happened. `data` views memory of the association or of the datagram last
// handed in, valid until the next call that is not PollEvent.
struct Event {
  EventType type = EventType::kFailed;
  std::span<const uint8_t> data = {};
  RecordNumber number = {};  // ApplicationData: the record it came in
  TraceInfo trace = {};
  Status status = Status::Ok();
  bool from_peer = false;
  std::shared_ptr<const Session> session = {};        // Ticket
  std::shared_ptr<const PeerIdentity> identity = {};  // ClientAuthenticated
};

}  // namespace dtls13

#endif  // DTLS13_EVENT_H_
