// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_OUTPUT_H_
#define DTLS13_TOOLS_UDP_NOTIF_OUTPUT_H_

#include <chrono>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace dtls13::udp_notif {

// Output is where a collector's lines go. It never makes its caller wait for longer than it says,
// as what comes from the network meanwhile would be lost without being counted.
class Output {
 public:
  virtual ~Output() = default;

  // Write takes one line, a line break at its end, of the publisher `publisher_id`.
  virtual void Write(uint32_t publisher_id, std::string_view line) = 0;
  // Pump hands on what waits, as far as that is possible at once.
  virtual void Pump() = 0;
  // Finish hands on the rest; what has not left after `limit` is lost.
  virtual void Finish(std::chrono::milliseconds limit) = 0;

  // num_delivered counts lines that are where they should be, num_lost those that never will be.
  virtual uint64_t num_delivered() const = 0;
  virtual uint64_t num_lost() const = 0;
  // status is not OK once there is no sense in going on.
  virtual absl::Status status() const { return absl::OkStatus(); }
  // fd, when not -1, is to be polled for writing: what waits can leave then.
  virtual int fd() const { return -1; }

 protected:
  Output() = default;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_OUTPUT_H_
