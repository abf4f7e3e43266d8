// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_EXCHANGE_H_
#define DTLS13_TOOLS_QUERY_EXCHANGE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"
#include "tools/query/asker.h"
#include "tools/query/responder.h"

namespace dtls13::query {

// ExchangeOptions are the path and the patience of a ExchangeWorld.
struct ExchangeOptions {
  Duration round_trip = std::chrono::milliseconds(100);
  // What the resolver takes.
  Duration resolver_time = std::chrono::milliseconds(10);
  double loss = 0;  // of each datagram, in either direction
  // A responder's, for clients of which it hears no more.
  Duration idle_timeout = std::chrono::seconds(10);
  uint64_t seed = 1;
};

// ExchangeWorld is a Responder and its clients on one lossy path, in virtual time: what a seed
// repeats. The two know a key of each other's; nobody's certificate is asked for.
class ExchangeWorld {
 public:
  explicit ExchangeWorld(const ExchangeOptions& options);
  ~ExchangeWorld();

  // AddClient begins a client with an address of its own, which asks in that order, and forgets
  // those that are done.
  Asker& AddClient(ClosingOrder order);
  // DelayNextQuery: the next query takes so much longer, and what is sent behind it overtakes it.
  void DelayNextQuery(Duration delay) { query_delay_ = delay; }
  // SilenceClients: none of those that there are is heard again, and none hears. A client that has
  // not connected yet asks nothing any more.
  void SilenceClients() { silent_below_ = next_address_; }
  // RunUntilReleased lets time pass until the responder holds nothing, an hour at the most.
  void RunUntilReleased();
  void RunFor(Duration duration);

  // held is what each association was held for, in the order of their ends; held_by_both of those
  // that both sides have ended.
  const std::vector<Duration>& held() const { return held_; }
  const std::vector<Duration>& held_by_both() const { return held_by_both_; }
  const Responder& responder() const { return *responder_; }
  // server is the responder's endpoint.
  const Endpoint& server() const { return *server_; }
  // max_queries is the most that the resolver was asked at once.
  size_t max_queries() const { return max_queries_; }
  Instant now() const { return now_; }

 private:
  struct Client {
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<Asker> asker;
  };
  struct Packet {
    bool to_server = false;
    uint32_t address = 0;  // the client's
    std::vector<uint8_t> bytes;
  };

  WallTime WallNow() const;
  void Transmit(Endpoint& endpoint, uint32_t address, bool to_server);
  void Queue(Packet packet);
  void Deliver(Packet packet);
  // Settle lets everybody act until nothing is left to do now.
  void Settle();
  void PollServer();
  void PollClient(Client& client);
  // Step advances to what happens next, `until` at the latest; false where that is nothing.
  bool Step(Instant until);
  std::optional<Instant> NextInstant() const;

  const ExchangeOptions options_;
  std::mt19937_64 random_;
  std::unique_ptr<Endpoint> server_;
  std::unique_ptr<Responder> responder_;
  std::shared_ptr<const AssociationConfig> client_config_;
  std::map<uint32_t, Client> clients_;
  uint32_t next_address_ = 1;
  uint32_t silent_below_ = 0;
  Duration query_delay_ = Duration::zero();
  std::multimap<Instant, Packet> network_;
  std::multimap<Instant, std::vector<uint8_t>> resolver_;  // answers, when they are ready
  Instant now_{};
  std::vector<Duration> held_;
  std::vector<Duration> held_by_both_;
  size_t max_queries_ = 0;
};

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_EXCHANGE_H_
