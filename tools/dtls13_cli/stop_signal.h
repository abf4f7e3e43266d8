// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_STOP_SIGNAL_H_
#define DTLS13_TOOLS_DTLS13_CLI_STOP_SIGNAL_H_

#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t is POSIX's

#include <chrono>
#include <span>

namespace dtls13::cli {

// StopSignal catches SIGTERM and SIGINT while it lives. They arrive only inside Poll, so a request
// is never missed between a look at requested() and the wait. One at a time in a process.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const;
  // Poll waits as poll(2) does, or until a stop is requested. Negative `timeout` is 0.
  void Poll(std::span<pollfd> sockets, std::chrono::milliseconds timeout) const;

 private:
  sigset_t old_mask_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_STOP_SIGNAL_H_
