// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_ENDPOINT_WORLD_H_
#define DTLS13_TESTS_SIM_ENDPOINT_WORLD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {

// EndpointWorld is a network that loses datagrams and delays each by as much as it likes, a server
// on it with an endpoint, and its clients, in virtual time.
class EndpointWorld {
 public:
  // Client is one end with an address. It says "hello" until it hears it back.
  struct Client {
    Bytes address;
    std::unique_ptr<Association> association;
    std::vector<Bytes> sent;  // all its datagrams
    bool connected = false;
    bool served = false;
    std::optional<Status> failure;
  };

  explicit EndpointWorld(EndpointOptions endpoint_options = {}, double loss = 0, uint64_t seed = 1,
                         bool large_hellos = false, size_t connection_id_len = 0,
                         const WireProfile& profile = kRfc9147Profile);

  Endpoint& endpoint() { return *endpoint_; }
  Instant now() const { return now_; }
  const std::vector<EndpointEvent>& gone() const { return gone_; }
  size_t num_accepted() const { return num_accepted_; }
  size_t num_received() const { return num_received_; }
  void set_loss(double loss) { loss_ = loss; }
  bool AllServed() const;
  std::map<Bytes, Client>& clients() { return clients_; }

  Client& AddClient();
  // Start begins a new association on the client's address; one that it had is forgotten, as by a
  // reboot.
  void Start(Client& client);
  void Say(Client& client, std::string_view text);
  // Move gives a client another address, as a NAT does.
  Client& Move(Client& client, const Bytes& address);

  // ToServer hands over bytes as if they came from `address`.
  void ToServer(const Bytes& address, std::span<const uint8_t> bytes);
  // FlushServer is all that a server has to do after any call.
  void FlushServer();
  // RunFor lets time pass; whoever is connected and not served asks again each half second.
  void RunFor(Duration duration);

 private:
  struct Datagram {
    bool to_server = false;
    Bytes address;
    Bytes bytes;
  };

  WallTime WallNow() const;
  void Send(Datagram datagram);
  void SendFromClient(Client& client, std::span<const uint8_t> bytes);
  void HandleServerEvent(const EndpointEvent& event);
  void FlushClient(Client& client);
  bool Step(Instant until);
  void Ask();
  void Deliver(const Datagram& datagram);

  PairOptions options_;
  const TestIdentity& identity_ = TestIdentity::Get(KeyType::kEcdsaP256);
  std::mt19937_64 random_;
  double loss_;
  std::shared_ptr<const AssociationConfig> client_config_;
  std::unique_ptr<Endpoint> endpoint_;
  std::map<Bytes, Client> clients_;
  std::multimap<Instant, Datagram> network_;
  Instant now_{};
  Instant next_question_{};
  std::vector<EndpointEvent> gone_;
  size_t num_accepted_ = 0;
  size_t num_received_ = 0;
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_ENDPOINT_WORLD_H_
