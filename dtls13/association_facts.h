// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_FACTS_H_
#define DTLS13_ASSOCIATION_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/path_id.h"
#include "dtls13/path_validation.h"
#include "dtls13/record/record_layer.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// Role of this side.
enum class Role : uint8_t { kClient, kServer };

// RecordFacts shows what callers may know of an association's records: no keys, no secrets.
class RecordFacts {
 public:
  explicit RecordFacts(const RecordLayer& records) : records_(records) {}

  // The newest epochs whose keys were installed, 0 before the first.
  Epoch write_epoch() const { return records_.write_epoch(); }
  Epoch newest_read_epoch() const { return records_.newest_read_epoch(); }
  bool CanRead(Epoch epoch) const { return records_.CanRead(epoch); }
  bool CanWrite(Epoch epoch) const { return records_.CanWrite(epoch); }
  // num_dropped counts the records that were dropped for `reason`.
  uint64_t num_dropped(DropReason reason) const { return records_.num_dropped(reason); }
  // send_connection_id is what our records carry, empty for none.
  std::span<const uint8_t> send_connection_id() const { return records_.send_connection_id(); }

 private:
  const RecordLayer& records_;
};

// AssociationStanding is those of the facts that say what is to become of an association, for a
// caller that asks after each datagram. What is behind the reference stays as long as with
// AssociationFacts, whose members of these names it explains.
struct AssociationStanding {
  bool connected = false;
  bool failed = false;
  bool close_sent = false;
  bool peer_closed = false;
  size_t mtu = 0;
  RetransmitTimerReport retransmit_timer = {};
  // num_unopened is the records that failed to decrypt.
  uint64_t num_unopened = 0;
  const PathId& active_path;
};

// AssociationFacts is what is known of an association at the moment it was asked. It allocates
// nothing and copies nothing big: what is behind a reference belongs to the association, and stays
// until the next call that changes it: HandleTimeout is one, with which it may go cold. The
// handshake's data (client_hello, signature_request,
// certificate_request, peer_identity) stay until the events that speak of them have been polled,
// and are empty afterwards.
struct AssociationFacts {
  Role role = Role::kClient;
  bool connected = false;
  // failed: the association is over, other than by an orderly closing. It sends and takes nothing
  // more than its alert.
  bool failed = false;
  Status failure = Status::Ok();  // Ok unless failed
  // close_sent: Close was called. closed: its close_notify has left too, by PollTransmit; of our
  // own nothing but ACKs follows it.
  bool close_sent = false;
  bool closed = false;
  bool peer_closed = false;
  // has_unacked: handshake or post-handshake messages of ours still wait for the peer. Tickets that
  // were given up do not.
  bool has_unacked = false;
  size_t mtu = 0;  // datagram payload, bytes
  RetransmitTimerReport retransmit_timer = {};
  // active_path is where the datagrams of Seal are to go.
  const PathId& active_path;
  const PathStats& path_stats;
  const ClientHelloInfo& client_hello;
  const SignatureRequest& signature_request;
  // certificate_request: what the server of a client that is asked for a credential wants.
  const CertificateRequestInfo& certificate_request;
  // peer_identity: what the peer showed, with what was stapled to it.
  const PeerIdentity& peer_identity;
  // result: suite is null before ServerHello was processed.
  const HandshakeResult& result;
  RecordFacts records;

  const std::vector<std::vector<uint8_t>>& peer_certificates() const { return peer_identity.chain; }
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_FACTS_H_
