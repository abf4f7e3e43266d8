// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_ENDPOINT_ENDS_H_
#define DTLS13_TOOLS_BENCH_ENDPOINT_ENDS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/udp_address.h"

namespace dtls13::bench {

// How an association of EndpointEnds begins.
enum class Authentication : uint8_t {
  kCertificate,  // a server's of P-256, with X25519
  kTickets,      // the same, and the server sends tickets
  kPskOnly,      // an external PSK without key exchange: the quickest
};

// EndpointEnds is two endpoints, a server and a client, that make associations with one another in
// memory. The n-th client address is one of 127.0.0.0/8, all with one port, so that one socket of
// the client's and one of the server's carry the datagrams of all of them. It ends the process
// where something fails.
class EndpointEnds {
 public:
  // `bounds` are the server's, its config, signer and verifiers left out.
  EndpointEnds(Authentication authentication, UdpAddress server_address, uint16_t client_port,
               EndpointOptions bounds);

  Endpoint& server() { return *server_; }
  Endpoint& client() { return *client_; }
  // The ids of the client's associations, which are connected.
  const std::vector<AssociationId>& clients() const { return clients_; }
  // What the server's calls have taken of this thread's time so far, seconds.
  double server_seconds() const { return server_seconds_; }

  // Connect makes `num` associations more. Without `keeps_client` the client's ends are forgotten.
  void Connect(size_t num, bool keeps_client = true);
  // FirstHello is a ClientHello as an unproved client sends it.
  std::vector<uint8_t> FirstHello();
  UdpAddress ClientAddress(size_t number) const;
  // ToServer hands over what came in; what the server sends is dropped.
  void ToServer(std::span<const ReceivedDatagrams> received);
  // SayFromClients has each client that was kept send `payload`, and returns the seconds that the
  // server takes for what comes of it.
  double SayFromClients(std::span<const uint8_t> payload);
  // Age has the server think that `time` has passed.
  void Age(Duration time);

  Instant Now() const;

 private:
  void HandToServer(std::span<const ReceivedDatagrams> received);
  void AnswerServer();
  void AnswerClient();
  bool PumpServer();
  bool PumpClient();

  UdpAddress server_address_;
  uint16_t client_port_;
  Authentication authentication_;
  std::shared_ptr<const AssociationConfig> client_config_;
  std::unique_ptr<Endpoint> server_;
  std::unique_ptr<Endpoint> client_;
  std::vector<AssociationId> clients_;
  size_t num_made_ = 0;
  std::vector<uint8_t> buffer_;
  double server_seconds_ = 0;
  Duration age_{};
};

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_ENDPOINT_ENDS_H_
