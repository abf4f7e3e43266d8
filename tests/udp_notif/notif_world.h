// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_UDP_NOTIF_NOTIF_WORLD_H_
#define DTLS13_TESTS_UDP_NOTIF_NOTIF_WORLD_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/bytes_test_util.h"
#include "udp_notif/publisher.h"
#include "udp_notif/receiver.h"

namespace dtls13::udp_notif {

// NotifWorld is a network, one receiver on it and publishers, each an endpoint of its own, in
// virtual time. Settings are those of the programs until a test changes them before Begin.
class NotifWorld {
 public:
  // Node is one publisher and where it is.
  struct Node {
    Bytes address;  // as the receiver sees it
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<Publisher> publisher;
    std::vector<EventType> events;
    std::vector<size_t> sent;  // lengths of all its datagrams
  };
  // Notification is one that the receiver handed on.
  struct Notification {
    std::string source;
    uint32_t publisher_id = 0;
    uint32_t message_id = 0;
    Bytes payload;

    friend bool operator==(const Notification&, const Notification&) = default;
  };

  NotifWorld();

  // Begin makes the receiver.
  void Begin();
  // AddPublisher makes one and has it connect.
  Node& AddPublisher(const PublisherOptions& options = {});
  // Move gives it another address, as a NAT does.
  void Move(Node* node);
  void RunFor(Duration duration);
  // RunUntilConnected is false when some publisher does not get there.
  bool RunUntilConnected();
  // Flush sends what everybody owes.
  void Flush();

  AssociationConfig& receiver_config() { return *receiver_config_; }
  AssociationConfig& publisher_config() { return *publisher_config_; }
  EndpointOptions& receiver_options() { return receiver_options_; }
  EndpointOptions& publisher_options() { return publisher_options_; }
  Endpoint& receiver_endpoint() { return *endpoint_; }
  Receiver& receiver() { return *receiver_; }
  std::deque<Node>& publishers() { return publishers_; }
  const std::vector<Notification>& received() const { return received_; }
  const std::vector<EndpointEvent>& gone() const { return gone_; }
  // connected are the receiver's associations, in the order of their handshakes.
  const std::vector<AssociationId>& connected() const { return connected_; }
  // Each datagram is late by up to `most` more than kDelay, and so overtaken.
  void set_jitter(Duration most) { jitter_ = most; }
  // A datagram of the direction for which `lose` is true is lost.
  void set_lose(std::function<bool(bool to_receiver)> lose) { lose_ = std::move(lose); }

  static constexpr Duration kDelay = std::chrono::milliseconds(10);

 private:
  struct Parcel {
    Bytes from;
    Bytes to;
    Bytes octets;
  };

  Bytes NextAddress();
  void FlushReceiver();
  void FlushPublisher(Node* node);
  void Carry(const Bytes& from, Bytes to, Bytes octets);
  void Deliver(Parcel parcel);
  bool Step(Instant until);
  WallTime WallNow() const;

  std::shared_ptr<AssociationConfig> receiver_config_;
  std::shared_ptr<AssociationConfig> publisher_config_;
  EndpointOptions receiver_options_;
  EndpointOptions publisher_options_;
  std::unique_ptr<Endpoint> endpoint_;
  std::unique_ptr<Receiver> receiver_;
  std::deque<Node> publishers_;
  std::map<Bytes, Node*> by_address_;
  std::multimap<Instant, Parcel> network_;
  std::vector<Notification> received_;
  std::vector<EndpointEvent> gone_;
  std::vector<AssociationId> connected_;
  std::mt19937_64 random_{1};
  Duration jitter_{};
  std::function<bool(bool)> lose_;
  uint32_t num_addresses_ = 0;
  Instant now_{std::chrono::seconds(1)};
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TESTS_UDP_NOTIF_NOTIF_WORLD_H_
