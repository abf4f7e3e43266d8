// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_METRICS_SERVER_H_
#define DTLS13_TOOLS_UDP_NOTIF_METRICS_SERVER_H_

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dtls13/udp_address.h"
#include "dtls13/wire/time.h"

namespace dtls13::udp_notif {

// MetricsServer answers GET /metrics over HTTP, for Prometheus, and nothing else. A connection
// carries one request. It does not know what the metrics are.
class MetricsServer {
 public:
  // A scraper or two, and who looks by hand.
  static constexpr size_t kMaxConnections = 16;
  static constexpr size_t kMaxRequestLen = 8192;
  // Who says nothing for so long is forgotten.
  static constexpr Duration kTimeout = std::chrono::seconds(5);
  // Where the process has no descriptor for a connection, the next is looked for so much later: the
  // socket stays readable meanwhile, and polling it would spin.
  static constexpr Duration kAcceptPause = std::chrono::seconds(1);

  // Listen takes connections at `address`, of which TCP has the port too.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Listen(const UdpAddress& address);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  // AddSockets puts what is to be polled at `now` behind `*sockets`.
  void AddSockets(Instant now, std::vector<pollfd>* sockets) const;
  // Handle does what can be done now, and answers with what `metrics` returns.
  void Handle(Instant now, const std::function<std::string()>& metrics);

  uint16_t port() const;

 private:
  struct Connection {
    int fd;
    Instant deadline;
    std::string request = {};
    std::string answer = {};
    size_t sent = 0;
  };

  explicit MetricsServer(int fd) : fd_(fd) {}

  bool MayAccept(Instant now) const;
  void Accept(Instant now);
  // False when the connection is over.
  static bool Serve(Connection* connection, const std::function<std::string()>& metrics);
  static bool Read(Connection* connection);

  int fd_;
  std::vector<Connection> connections_;
  std::optional<Instant> paused_until_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_METRICS_SERVER_H_
