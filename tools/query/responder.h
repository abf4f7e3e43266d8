// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_RESPONDER_H_
#define DTLS13_TOOLS_QUERY_RESPONDER_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/crypto/random_source.h"
#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"
#include "tools/query/dns_message.h"
#include "tools/query/pending_queries.h"

namespace dtls13::query {

// ResponderCounters are sums since the responder was made.
struct ResponderCounters {
  uint64_t queries = 0;    // well formed, and forwarded
  uint64_t malformed = 0;  // records of clients, and datagrams of the resolver, that are no message
  uint64_t refused = 0;    // what is answered with a failure without asking anybody
  uint64_t answered = 0;   // with what the resolver said
  uint64_t truncated = 0;  // of those: too long for a record, and so without records
  uint64_t failed = 0;     // the resolver did not answer
  uint64_t unasked = 0;    // answers of the resolver to nothing
  uint64_t unsent = 0;     // answers that the endpoint did not take
  uint64_t released = 0;   // associations that both sides were done with
  uint64_t gone = 0;       // associations that ended otherwise
};

// Responder answers DNS over DTLS: each record of a client's is one query (RFC 8094), which goes to
// a resolver as it came, and what that says goes back. A client that has closed its side has no
// more to ask: when it has its answers it is told the end, and its association is released at once,
// with nothing left to wait for.
//
// What it holds is bounded by the endpoint's bounds and PendingQueries'. Wrong input never ends
// anything: a record that is no query is dropped and counted. It does not know sockets or clocks.
class Responder {
 public:
  // kReorderGrace: a closing may overtake the only query, so a client that has asked nothing yet is
  // kept so long. A path that reorders by more is none that DNS would work on.
  static constexpr Duration kReorderGrace = std::chrono::milliseconds(200);

  // OnEnded is told how long an association was held, and whether both sides have ended it.
  using OnEnded = std::function<void(Duration held, bool is_by_both)>;

  // `endpoint` lives longer. `on_ended` may be null.
  Responder(Endpoint* endpoint, std::shared_ptr<RandomSource> random, OnEnded on_ended = nullptr);

  // HandleEvent takes every event of the endpoint's.
  void HandleEvent(const EndpointEvent& event, Instant now);
  // HandleAnswer takes a datagram of the resolver's.
  void HandleAnswer(std::span<const uint8_t> datagram, Instant now);
  void HandleTimeout(Instant now);
  std::optional<Instant> NextTimeout() const;
  // PollQuery is what the resolver is to be asked next; empty: nothing.
  std::vector<uint8_t> PollQuery();

  size_t num_clients() const { return clients_.size(); }
  const ResponderCounters& counters() const { return counters_; }

 private:
  struct Client {
    Instant accepted_at{};
    bool has_asked = false;
    bool has_closed = false;
  };

  void HandleQuery(AssociationId id, std::span<const uint8_t> record, Instant now);
  void HandleClose(AssociationId id, Instant now);
  void HandleGone(AssociationId id, Instant now);
  // Answer sends `message`, or what stands for it where `query`'s sender takes no more.
  void Answer(AssociationId id, const DnsMessage& query, std::span<const uint8_t> message);
  void Send(AssociationId id, std::span<const uint8_t> message);
  void ReleaseIfDone(AssociationId id, Instant now);
  void Release(AssociationId id, Instant now);

  Endpoint* const endpoint_;
  const OnEnded on_ended_;
  PendingQueries pending_;
  std::deque<std::vector<uint8_t>> to_resolver_;  // at most kMaxPending
  std::map<AssociationId, Client> clients_;
  std::deque<std::pair<Instant, AssociationId>> closed_unasked_;  // with the end of their grace
  ResponderCounters counters_;
};

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_RESPONDER_H_
