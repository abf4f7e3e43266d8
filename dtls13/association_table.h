// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_TABLE_H_
#define DTLS13_ASSOCIATION_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/association/issued_connection_ids.h"
#include "dtls13/association_config.h"
#include "dtls13/event.h"
#include "dtls13/listener/hello_listener.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// AssociationId names one association of one table. It is never 0 and never used twice.
using AssociationId = uint64_t;

struct AssociationTableOptions {
  // Associations of every kind, so that proved clients cannot take all memory either: an idle one
  // weighs a few KB.
  size_t max_associations = 10000;
  // Those whose handshake is not complete, which may weigh two certificate chains each.
  size_t max_half_open = 1000;
  // A newcomer displaces the oldest half-open association only when that is older than this: what
  // a client needs at a second's round trip with a lost flight in each direction.
  Duration min_half_open_age = std::chrono::seconds(6);
  // How long an association that is over stays: it repeats its alert to a peer that missed it, and
  // delivers what was sent before the peer's close_notify.
  Duration linger = std::chrono::seconds(10);
};

enum class TableEventType : uint8_t {
  kAccepted,  // a client proved its address and began a handshake: `id` is new
  kEvent,     // `event` happened to `id`
  kGone,      // `id` is no more: it was over, displaced, or replaced by `successor`
};

struct TableEvent {
  TableEventType type = TableEventType::kEvent;
  AssociationId id = 0;
  Event event = {};
  AssociationId successor = 0;  // kGone: the peer's new association, 0 if there is none
};

// TableDatagram is one to be sent: `len` bytes of PollTransmit's buffer. `peer_address` is valid
// until the next call.
struct TableDatagram {
  std::span<const uint8_t> peer_address;
  size_t len = 0;
};

// AssociationTable is all associations of a server that has one socket for many peers. Datagrams
// with their addresses, time and the caller's answers come in; datagrams with theirs, deadlines and
// events go out. The contract after any call that is not a poll: PollTransmit until there is
// nothing, PollEvent until there is nothing, both again if there was an event, then NextTimeout.
//
// Every first ClientHello is answered statelessly, so unproved addresses cost no more than the
// HelloListener's constant. RFC 9147 section 5.11: a new handshake on the address of a living
// association leaves that untouched until the new one's client has delivered its Finished; then the
// old one is abandoned. An address has at most one handshake beside its association, the latest
// that proved itself by a cookie.
//
// A datagram with a Connection ID (config.handshake.connection_ids) goes to the association that
// handed it out, wherever it comes from, or nowhere. No two associations hand out the same: what
// the config's source makes is thrown away where it is in use, and a handshake for which there is
// none left fails with internal_error. An association whose peer is proved to have
// moved has its new address from there on.
//
// It owns its associations. It does not know sockets, what addresses mean, or credentials.
// Not thread-safe.
class AssociationTable {
 public:
  // `config` is that of a server, with cookie keys.
  AssociationTable(std::shared_ptr<const AssociationConfig> config,
                   AssociationTableOptions options);

  // HandleDatagram takes one datagram from `peer_address`, any stable encoding of it, and decrypts
  // it in place; it stays untouched until the events have been polled.
  void HandleDatagram(std::span<const uint8_t> peer_address, std::span<uint8_t> datagram,
                      Instant now, WallTime wall_now);
  void HandleTimeout(Instant now);
  std::optional<Instant> NextTimeout() const;
  std::optional<TableDatagram> PollTransmit(std::span<uint8_t> out, Instant now);
  std::optional<TableEvent> PollEvent();

  // Use returns the association, to be called as it may be; null when it is gone. What it then has
  // to send and to say comes by the table's polls.
  Association* Use(AssociationId id);
  // peer_address is empty for an association that is gone.
  std::span<const uint8_t> peer_address(AssociationId id) const;
  // Remove forgets an association at once, without an event. Close it and poll first, and its peer
  // is told.
  void Remove(AssociationId id);

  size_t size() const { return entries_.size(); }
  size_t num_half_open() const { return half_open_.size(); }
  // num_refused counts proved clients that found no room.
  uint64_t num_refused() const { return num_refused_; }

 private:
  using Address = std::vector<uint8_t>;
  using ConnectionId = std::vector<uint8_t>;

  struct Entry {
    Address address;
    std::unique_ptr<Association> association;
    std::vector<ConnectionId> connection_ids;  // that it is found by
    ClientRandom hello_random{};               // of the ClientHello it was made for
    Instant made_at{};
    std::optional<Instant> deadline;   // as it stands in deadlines_
    std::optional<Instant> remove_at;  // once it is over
    bool may_transmit = false;         // it stands in to_transmit_
    bool may_have_events = false;      // it stands in to_poll_
  };

  // Place is what an address has; 0 for what it has not.
  struct Place {
    AssociationId living = 0;
    AssociationId challenger = 0;  // a handshake that replaces `living` once it is complete
  };

  void HandleClientHello(const Address& address, Place at, std::span<uint8_t> datagram,
                         WallTime wall_now);
  void Deliver(AssociationId id, const Address& address, std::span<uint8_t> datagram);
  void Accept(const Address& address, HelloReport report, WallTime wall_now);
  bool MakeRoom();
  void OnEvent(AssociationId id, Entry* entry, const Event& event);
  void OnConnected(AssociationId id, const Entry& entry);
  void AddConnectionId(AssociationId id, Entry* entry, const ConnectionId& connection_id);
  void RemoveConnectionId(Entry* entry, const ConnectionId& connection_id);
  void Move(AssociationId id, Entry* entry, const Address& address);
  void LeavePlace(AssociationId id, const Address& address);
  void End(AssociationId id, AssociationId successor);
  void Wake(AssociationId id, Entry* entry);
  void Settle(AssociationId id, Entry* entry);
  void SetDeadline(AssociationId id, Entry* entry, std::optional<Instant> deadline);
  Entry* Find(AssociationId id);

  std::shared_ptr<IssuedConnectionIds> connection_ids_;
  std::shared_ptr<const AssociationConfig> config_;
  AssociationTableOptions options_;
  HelloListener listener_;
  Instant now_{};  // of the latest call that told it
  AssociationId next_id_ = 1;
  uint64_t num_refused_ = 0;

  // Ordered maps: an address is a peer's choice, and no choice of addresses makes these slow.
  std::map<AssociationId, Entry> entries_;
  std::map<Address, Place> places_;
  std::set<std::pair<Instant, AssociationId>> deadlines_;
  std::set<AssociationId> half_open_;  // oldest first
  std::set<AssociationId> over_;       // lingering, oldest first

  // What is to be polled. Bounded by the associations there are, each in each at most once but for
  // those that are gone.
  std::deque<AssociationId> to_transmit_;
  std::deque<AssociationId> to_poll_;
  std::deque<TableEvent> notices_;  // at most three for each datagram

  PathId path_;  // of the last datagram that PollTransmit gave
  Address reply_address_;
  std::vector<uint8_t> reply_;  // stateless, to the last datagram
  std::vector<uint8_t> copy_;   // of a datagram that two associations are shown
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_TABLE_H_
