// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_H_
#define DTLS13_ENDPOINT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "dtls13/association.h"
#include "dtls13/association_config.h"
#include "dtls13/event.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

class PeerVerifier;  // peer_verifier.h
class Signer;        // signer.h

// AssociationId names one association of one endpoint. It is never 0 and never used twice.
using AssociationId = uint64_t;

// EndpointOptions are what an endpoint does beside its associations' config, and its bounds.
struct EndpointOptions {
  // What associations of both roles are made with. Needs algorithms and random; a server's needs
  // cookie_keys, and a credential unless it asks for PSKs. Its connection_ids.receive_len is the
  // length of all Connection IDs that the endpoint hands out: with 0 a peer whose address changes
  // is lost.
  std::shared_ptr<const AssociationConfig> config = {};
  // Clients are served. Otherwise a ClientHello is dropped, and only Connect makes associations.
  bool accepts = true;
  // Connect makes associations. False for an endpoint that shares its port with others
  // (UdpDriver::OpenGroup): what a server answers may come to any of them.
  bool connects = true;
  // Answers kSignatureWanted where there is one; otherwise the event is the caller's.
  std::shared_ptr<const Signer> signer = {};
  // Answers kVerifyPeer where there is one, a server's name with it; otherwise the event is the
  // caller's. Each role has its own, as a certificate is for one purpose.
  std::shared_ptr<const PeerVerifier> server_verifier = {};
  std::shared_ptr<const PeerVerifier> client_verifier = {};

  // Associations of every kind, so that proved clients cannot take all memory either: one weighs a
  // few KB, and a little over one when it is cold (AssociationConfig::cold_after).
  size_t max_associations = 10000;
  // A server's associations whose handshake is not complete, which may weigh two certificate chains
  // each.
  size_t max_half_open = 1000;
  // Of these, a host's (ReceivedDatagrams::host_len), so that none keeps the others out by proving
  // its address over and over. Zero: an eighth.
  size_t max_half_open_per_host = 0;
  // A newcomer displaces the oldest half-open association, of its host where that has its share,
  // only when that is older than this: what a client needs at a second's round trip with a lost
  // flight in each direction.
  Duration min_half_open_age = std::chrono::seconds(6);
  // Bytes that wait for the network; above, Send says kBlocked, and what associations owe waits
  // with them. Each stateless answer that has no room is dropped.
  size_t max_queued_bytes = 4 << 20;
  // How long a peer that was sent our close_notify, and has not answered it, may send nothing.
  Duration half_closed_timeout = std::chrono::minutes(1);
  // An association that has carried no application data for so long, in either direction, is closed
  // and then given up after `linger`. Zero: never.
  Duration idle_timeout = Duration::zero();
  // How long an association that is over stays: it repeats its alert to a peer that missed it, and
  // delivers what was sent before the peer's close_notify.
  Duration linger = std::chrono::seconds(10);
  // ClientHellos that are looked at, a second: of one host (ReceivedDatagrams::host_len), and in
  // all of those that can and those that cannot have a cookie each. What is more is dropped unread,
  // which costs a tenth. Zero: as many as come. Those of two seconds may come at once. They are
  // counted in constant memory (HelloRate). The defaults are some hundredths and half of what one
  // core can do, and far more handshakes than it can complete.
  uint32_t max_hellos_per_host = 4000;
  uint32_t max_hellos = 50000;
};

// ReceivedDatagrams is what came from one address at once: one datagram, or what the kernel has put
// together (UDP_GRO), each of `segment_len` bytes but the last, which may be shorter.
struct ReceivedDatagrams {
  // Any stable encoding, at most PathId::kMaxLen bytes.
  std::span<const uint8_t> peer_address = {};
  // How many of its first bytes say which host that is, without the port; 0: all of it.
  size_t host_len = 0;
  std::span<uint8_t> bytes = {};
  size_t segment_len = 0;  // 0: one datagram
};

// OutputBatch is consecutive datagrams of one association for one address, each of `segment_len`
// bytes but the last, which may be shorter: what UDP_SEGMENT sends with one call. `segment_len` is
// never 0, and no batch is longer than kMaxBatchLen or has more than kMaxBatchDatagrams.
struct OutputBatch {
  std::span<const uint8_t> peer_address = {};
  std::span<const uint8_t> bytes = {};
  size_t segment_len = 0;
  AssociationId id = 0;  // whose they are; 0: a stateless answer
};
// kMaxBatchLen is what one call may carry: a UDP payload over IPv4.
inline constexpr size_t kMaxBatchLen = 65507;
// kMaxBatchDatagrams is UDP_MAX_SEGMENTS of the kernels that have the least of them.
inline constexpr size_t kMaxBatchDatagrams = 64;

enum class EndpointEventType : uint8_t {
  kAccepted,  // a client proved its address and began a handshake: `id` is new
  kEvent,     // `event` happened to `id`
  kGone,      // `id` is no more, because of `gone`
};

// GoneReason is why an association is no more.
enum class GoneReason : uint8_t {
  kClosed,     // both sides have closed
  kFailed,     // its kFailed was polled
  kIdle,       // no application data for idle_timeout or half_closed_timeout
  kReplaced,   // its peer has a new association, `successor`
  kDisplaced,  // it was half open, and gave way to a newcomer
};

struct EndpointEvent {
  EndpointEventType type = EndpointEventType::kEvent;
  AssociationId id = 0;
  Event event = {};
  GoneReason gone = GoneReason::kClosed;
  AssociationId successor = 0;  // kReplaced
};

// SendOutcome is what became of application data offered to Send.
enum class SendOutcome : uint8_t {
  kQueued,         // it leaves with the next batches
  kNoAssociation,  // there is none of this id
  kNotConnected,   // the handshake is not that far
  kClosed,         // our close_notify was queued, or the association failed
  kTooLarge,       // over MaxPlaintext
  kExhausted,      // the write keys' limit is reached and no KeyUpdate got through
  kBlocked,        // max_queued_bytes: try again when batches have left
};

// InputCount names what became of received datagrams.
enum class InputCount : uint8_t {
  kDelivered,            // an association was handed it
  kRetried,              // a first ClientHello, answered with a cookie
  kAccepted,             // a ClientHello that made an association
  kRefused,              // a ClientHello that was answered with an alert
  kNotWhole,             // no ClientHello, or a part of one, or a malformed one
  kUnknownAddress,       // for no association, and no ClientHello
  kUnknownConnectionId,  // with a Connection ID that nobody has
  kHelloRate,            // over max_hellos_per_host or max_hellos
  kNotAccepting,         // a ClientHello, and this endpoint serves none
  kAddressInUse,         // a ClientHello from where this endpoint is a client
  kNoRoom,               // a proved client's, over one of the bounds on associations
  kNoRoomToAnswer,       // max_queued_bytes left none for a stateless answer
  kBadAddress,           // an address over PathId::kMaxLen
};
inline constexpr size_t kNumInputCounts = static_cast<size_t>(InputCount::kBadAddress) + 1;

// EndpointCounters are sums since the endpoint was made.
struct EndpointCounters {
  std::array<uint64_t, kNumInputCounts> input{};  // datagrams
  uint64_t datagrams_out = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t connected = 0;  // handshakes that completed

  uint64_t operator[](InputCount count) const { return input[static_cast<size_t>(count)]; }
};

// InputCountName is one of those in lower case with underscores, for logs and metrics.
const char* InputCountName(InputCount count);

// Endpoint is all associations of one UDP port, of clients that it serves and of servers that it is
// a client of. Datagrams with their addresses, and time, come in; batches of datagrams with theirs,
// deadlines and events go out. The contract after any call that is not a poll: PollEvent until
// there is nothing, then send the batches, then NextTimeout.
//
// Every first ClientHello is answered statelessly, so unproved addresses cost no more than a
// constant. RFC 9147 section 5.11: a new handshake on the address of a living association leaves
// that untouched until the new one's client has delivered its Finished; then the old one is
// abandoned. An address has at most one handshake beside its association, the latest that proved
// itself by a cookie.
//
// A datagram with a Connection ID goes to the association that handed it out, wherever it comes
// from, or nowhere. No two associations hand out the same: what the config's source makes is thrown
// away where it is in use, and a handshake for which there is none left fails with internal_error.
// An association whose peer is proved to have moved has its new address from there on.
//
// It owns its associations, and holds its keys' references. It does not know sockets, clocks, or
// what addresses mean. Not thread-safe; several endpoints may share a config, signer and verifiers.
class Endpoint {
 public:
  // `options.config` is required. Null when it has no randomness.
  static std::unique_ptr<Endpoint> Create(EndpointOptions options);
  virtual ~Endpoint() = default;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // HandleDatagrams takes what came in. Nothing of it is looked at before PollEvent, which takes
  // datagram after datagram: `received` and all that it views stay untouched, but for PollEvent's
  // decrypting in place, until PollEvent has returned nothing. What was handed in and not polled is
  // dropped with the next call.
  virtual void HandleDatagrams(std::span<const ReceivedDatagrams> received, Instant now,
                               WallTime wall_now) = 0;
  // HandleTimeout has PollEvent do what is due, behind the datagrams that were handed in: what a
  // timer waits for may be among them.
  virtual void HandleTimeout(Instant now) = 0;
  // NextTimeout is when HandleTimeout is due, a millisecond late at the most; calling it early is
  // harmless.
  virtual std::optional<Instant> NextTimeout() const = 0;
  // PollEvent's event is valid until the next PollEvent, Handle* or Remove; where it is not
  // application data, only until another call for its association too.
  virtual std::optional<EndpointEvent> PollEvent() = 0;

  // PollTransmit is what there is to send, oldest first; empty: nothing. The batches stay until
  // OnTransmitted says that the first `count` of them have left, or are given up. More may come
  // after that: poll until there is nothing.
  virtual std::span<const OutputBatch> PollTransmit(Instant now) = 0;
  virtual void OnTransmitted(size_t count) = 0;

  // OnDatagramTooLarge: the network refused a datagram of `len` bytes (EMSGSIZE) in a batch of the
  // association `id`, which goes on with smaller ones.
  virtual void OnDatagramTooLarge(AssociationId id, size_t len, Instant now) = 0;

  // Connect begins an association with the server at `peer_address`; its events come by PollEvent.
  // `config` replaces the options', but for the length of Connection IDs. 0 where the address has
  // an association already that is not over, where max_associations are reached, and without
  // options().connects.
  AssociationId Connect(std::span<const uint8_t> peer_address, ClientParameters parameters,
                        Instant now) {
    return Connect(peer_address, std::move(parameters), now, nullptr);
  }
  virtual AssociationId Connect(std::span<const uint8_t> peer_address, ClientParameters parameters,
                                Instant now, std::shared_ptr<const AssociationConfig> config) = 0;
  // Send makes `plaintext` one record in a datagram of its own and queues it. Consecutive ones of
  // one association and size share a batch.
  virtual SendOutcome Send(AssociationId id, std::span<const uint8_t> plaintext) = 0;
  // SendEarly does so with Association::SealEarly: a client's early data until the server is heard,
  // a server's answer before the client's Finished.
  virtual SendOutcome SendEarly(AssociationId id, std::span<const uint8_t> plaintext) = 0;
  // MaxPlaintext is the most that Send takes; 0 where there is no such association.
  virtual size_t MaxPlaintext(AssociationId id) const = 0;
  // Close queues close_notify behind what was sent. Reading goes on: kGone comes when the peer has
  // closed too, or when the association is idle.
  virtual void Close(AssociationId id) = 0;
  // Remove forgets an association at once, without an event. What was queued still leaves: Close
  // and Remove is an end that waits for nobody.
  virtual void Remove(AssociationId id) = 0;

  // Use returns the association, to be called as it may be, but for its polls and Handle*; null
  // when it is gone. What it then has to send and to say comes by the endpoint's; where it was told
  // to go (MigrateTo, ConfirmPath) is its address from the next poll or Send on.
  virtual Association* Use(AssociationId id) = 0;
  // peer_address is empty for an association that is gone.
  virtual std::span<const uint8_t> peer_address(AssociationId id) const = 0;

  // options are what Create was given.
  virtual const EndpointOptions& options() const = 0;
  virtual size_t size() const = 0;
  virtual size_t num_half_open() const = 0;
  virtual size_t num_queued_bytes() const = 0;
  virtual const EndpointCounters& counters() const = 0;

 protected:
  Endpoint() = default;
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_H_
