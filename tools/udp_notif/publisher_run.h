// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_PUBLISHER_RUN_H_
#define DTLS13_TOOLS_UDP_NOTIF_PUBLISHER_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dtls13/endpoint.h"
#include "dtls13/udp_address.h"
#include "dtls13/udp_driver.h"
#include "tools/dtls13_cli/stop_signal.h"
#include "tools/udp_notif/notification_input.h"
#include "tools/udp_notif/pace.h"
#include "udp_notif/publisher.h"

namespace dtls13::udp_notif {

// PublisherRun joins a publisher to its socket and its input until that ends, or it is told to
// stop. It owns the endpoint and the driver.
class PublisherRun {
 public:
  struct Parts {
    std::unique_ptr<Endpoint> endpoint;
    std::unique_ptr<UdpDriver> driver;  // of `endpoint`
    UdpAddress receiver;
    ClientParameters parameters = {};
    PublisherOptions options = {};
    InputOptions input = {};
    uint32_t per_second = 0;
    // The subscription whose subscription-started comes before what is read.
    std::optional<uint32_t> subscription = {};
    Duration connect_timeout = {};
    bool wants_status_line = true;
  };

  explicit PublisherRun(Parts parts);

  // Run connects, publishes all, closes, and prints a summary on stderr. Errors are one sentence.
  absl::Status Run();

 private:
  absl::Status Connect();
  absl::Status PublishAll(const cli::StopSignal& stop);
  // Publishes what is due. False when there is nothing more.
  absl::StatusOr<bool> PublishSome();
  // False when there is none now.
  absl::StatusOr<bool> ReadNext();
  void Wait(const cli::StopSignal& stop, bool for_input);
  void HandleEvents();
  absl::Status Ending() const;

  Parts parts_;
  Publisher publisher_;
  NotificationInput input_;
  Pace pace_;
  std::optional<std::vector<uint8_t>> next_;  // read, and not published yet
  bool is_at_end_ = false;
  bool waits_for_input_ = false;
  uint64_t num_octets_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_PUBLISHER_RUN_H_
