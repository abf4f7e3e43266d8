// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_COLLECTOR_RUN_H_
#define DTLS13_TOOLS_UDP_NOTIF_COLLECTOR_RUN_H_

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dtls13/endpoint.h"
#include "dtls13/udp_driver.h"
#include "tools/dtls13_cli/stop_signal.h"
#include "tools/udp_notif/metrics_server.h"
#include "tools/udp_notif/output.h"
#include "tools/udp_notif/plain_port.h"
#include "udp_notif/receiver.h"

namespace dtls13::udp_notif {

// CollectorRun joins a receiver to its sockets and its output until it is told to stop. It owns
// them; what they are is whoever's who made them.
class CollectorRun {
 public:
  struct Parts {
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<UdpDriver> driver;  // of `endpoint`
    ReceiverOptions options;
    std::unique_ptr<Output> output;
    std::unique_ptr<MetricsServer> metrics;  // null: none
    std::unique_ptr<PlainPort> plain;        // null: no plain datagrams are taken
    bool wants_status_line = true;
    uint64_t max_messages = 0;  // ends after so many; 0: goes on
  };

  explicit CollectorRun(Parts parts);

  // Run returns once SIGINT or SIGTERM came, with all that was received handed to the output, and
  // prints a summary on stderr. An error where the output lost something.
  absl::Status Run();

 private:
  void Announce() const;
  void WaitForSomething(const cli::StopSignal& stop) const;
  void ReceiveProtected();
  void ReceivePlain();
  void HandOn();
  std::string StatusText(const std::string& rate, size_t num_publishers) const;
  std::string MetricsOf() const;
  absl::Status Finish();
  void PrintSummary(const std::string& summary) const;
  bool IsDone() const;

  Parts parts_;
  Receiver receiver_;
  std::string line_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_COLLECTOR_RUN_H_
