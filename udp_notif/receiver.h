// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_RECEIVER_H_
#define DTLS13_UDP_NOTIF_RECEIVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"
#include "udp_notif/collector.h"
#include "udp_notif/dtls_settings.h"
#include "udp_notif/framing.h"
#include "udp_notif/stream_pool.h"

namespace dtls13::udp_notif {

// ReceiverOptions are a receiver's bounds. Anybody can send plain datagrams from any address, so
// what comes in them has bounds of its own and takes nothing from publishers that have connected.
struct ReceiverOptions {
  CollectorLimits limits = {};
  // Streams, each a source and a Message Publisher ID, of all associations.
  size_t max_streams = 200'000;
  // What unfinished frames and messages of all associations hold, bytes.
  size_t max_unfinished_bytes = size_t{64} << 20;
  // The same of all plain datagrams.
  size_t max_plain_streams = 100'000;
  size_t max_plain_unfinished_bytes = size_t{16} << 20;
  // How long a source of plain datagrams may be silent before it is forgotten. That of associations
  // is EndpointOptions::idle_timeout, where the endpoint closes them.
  Duration plain_idle_timeout = kDefaultIdleTimeout;
};

// ReceiverCounters are what a receiver has seen of connections and datagrams. They only grow.
struct ReceiverCounters {
  uint64_t num_connections = 0;   // that completed their handshake
  uint64_t num_records = 0;       // of application data
  uint64_t num_clean_closes = 0;  // publishers that said close_notify
  uint64_t num_failures = 0;      // connections that failed, their handshakes included
  uint64_t num_idle = 0;          // connections that were closed for silence
  uint64_t num_plain = 0;         // datagrams without DTLS
};

// Received is a notification and the address that it came from, as text. Both are views.
struct Received {
  std::string_view source;
  Delivery delivery;
};

// Receiver collects the notifications that publishers send to an endpoint, as DTLS servers do, and
// those that come in plain datagrams where its caller takes any. The contract after each Handle*:
// PollReceived until there is nothing. It does not know sockets, nor what becomes of notifications.
// The endpoint outlives it.
class Receiver {
 public:
  Receiver(Endpoint* endpoint, const ReceiverOptions& options);

  // HandleEvent takes one of the endpoint's events, which stays valid until PollReceived is empty.
  void HandleEvent(const EndpointEvent& event);
  // HandlePlain takes a datagram that came without DTLS from `host`, port `port`; it stays valid as
  // an event does.
  void HandlePlain(std::string_view host, uint16_t port, std::span<const uint8_t> datagram);
  std::optional<Received> PollReceived(Instant now);

  void HandleTimeout(Instant now);
  std::optional<Instant> NextTimeout() const { return collector_.NextTimeout(); }

  // CloseAll sends close_notify to every publisher and forgets them all: what is missing of them is
  // lost.
  void CloseAll();

  const Collector& collector() const { return collector_; }
  const ReceiverCounters& counters() const { return counters_; }
  size_t num_connections() const { return connections_.size(); }

 private:
  // What is known of one association.
  struct Connection {
    Connection(SourceKey source, const std::shared_ptr<ByteBudget>& budget)
        : key(std::move(source)), reader(budget) {}

    SourceKey key;
    RecordReader reader;
    std::vector<uint8_t> address;  // where `source` is
    std::string source;
    bool has_closed = false;
  };

  void HandleAssociationEvent(AssociationId id, const Event& event);
  void HandleConnected(AssociationId id);
  void HandlePeerClosed(AssociationId id);
  void HandleData(AssociationId id, const Event& event);
  void HandleGone(const EndpointEvent& event);
  void Locate(AssociationId id, Connection* connection) const;

  Endpoint* endpoint_;
  ReceiverOptions options_;
  StreamPool pool_;  // of associations
  StreamPool plain_pool_;
  Collector collector_;
  absl::flat_hash_map<AssociationId, std::unique_ptr<Connection>> connections_;
  ReceiverCounters counters_;
  // What PollReceived has not given out yet, and whose it is.
  std::vector<Message> messages_;
  size_t next_message_ = 0;
  const SourceKey* messages_key_ = nullptr;
  StreamPool* messages_pool_ = nullptr;
  std::string_view messages_source_;
  SourceKey plain_key_;
  std::string plain_source_;
  Instant next_idle_check_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_RECEIVER_H_
