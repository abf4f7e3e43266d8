// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_STATUS_LINE_H_
#define DTLS13_TOOLS_UDP_NOTIF_STATUS_LINE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "dtls13/wire/time.h"

namespace dtls13::udp_notif {

// StatusLine is one line at the bottom of a terminal, on stderr, written anew each second. Where
// stderr is no terminal it writes nothing. It does not know what the line says.
class StatusLine {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(1);

  StatusLine(bool wanted, Instant start);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Update writes what `text` returns, when it is the time. `num_done` is what grows; `text` is
  // given by how much a second it did.
  void Update(Instant now, uint64_t num_done, const std::function<std::string(uint64_t)>& text);
  // Clear takes the line away, so that something else can be written.
  void Clear();

 private:
  bool wanted_;
  bool is_shown_ = false;
  Instant last_;
  uint64_t last_num_done_ = 0;
};

// WithThousands is `number` with a comma before each three digits: "100,000".
std::string WithThousands(uint64_t number);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_STATUS_LINE_H_
