// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_PENDING_QUERIES_H_
#define DTLS13_TOOLS_QUERY_PENDING_QUERIES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dtls13/crypto/random_source.h"
#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"
#include "tools/query/dns_message.h"

namespace dtls13::query {

// PendingQueries are clients' queries that a resolver was asked, each under an id of its own:
// clients choose theirs alike. It does not know sockets or associations.
class PendingQueries {
 public:
  // kMaxPending leaves so many ids free that one is soon found, and that a forged answer has to
  // guess.
  static constexpr size_t kMaxPending = 4096;
  // kMaxPerClient: what one client asks at once. A browser's page takes some dozens of names.
  static constexpr size_t kMaxPerClient = 64;
  // kMaxPerHost: what all clients of one host ask at once, which may be a whole office behind one
  // address. It leaves room for others, however many associations one host makes.
  static constexpr size_t kMaxPerHost = kMaxPending / 4;
  // kPatience is how long a resolver may take, which asks others in its turn.
  static constexpr Duration kPatience = std::chrono::seconds(5);

  explicit PendingQueries(std::shared_ptr<RandomSource> random) : random_(std::move(random)) {}

  // Query is one of `client`'s, as it came.
  struct Query {
    AssociationId client = 0;
    std::vector<uint8_t> message;
  };
  // Host is what an address is without its port, in any stable encoding.
  using Host = std::vector<uint8_t>;

  // Add returns what the resolver is to be asked; nothing beyond the bounds, or without randomness.
  std::optional<std::vector<uint8_t>> Add(AssociationId client, const Host& host,
                                          const DnsMessage& query, Instant now);
  // TakeAnswered is the query that `answer` is one to; nothing for an answer to none.
  std::optional<Query> TakeAnswered(const DnsMessage& answer);
  // TakeExpired is one that has waited too long; nothing without any.
  std::optional<Query> TakeExpired(Instant now);
  // Forget drops all of a client's.
  void Forget(AssociationId client);

  size_t size() const { return pending_.size(); }
  size_t NumOf(AssociationId client) const;
  // next_expiry is when TakeExpired has something, or is to be asked again.
  std::optional<Instant> next_expiry() const {
    return by_age_.empty() ? std::nullopt : std::optional(by_age_.front().first);
  }

 private:
  struct Pending {
    Query query;
    Host host;
    Instant expires{};
  };
  using Entry = std::map<uint16_t, Pending>::iterator;

  std::optional<uint16_t> NewId();
  Query Take(Entry entry);
  // Release takes an entry out of the sums by host.
  void Release(const Pending& pending);

  const std::shared_ptr<RandomSource> random_;
  std::map<uint16_t, Pending> pending_;            // by the id that the resolver was given
  std::map<AssociationId, size_t> num_of_client_;  // none of 0
  std::map<Host, size_t> num_of_host_;             // none of 0
  // When each expires, with its id; what was taken meanwhile is left out when its turn comes.
  std::deque<std::pair<Instant, uint16_t>> by_age_;
};

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_PENDING_QUERIES_H_
