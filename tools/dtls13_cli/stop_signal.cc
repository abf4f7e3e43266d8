// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/stop_signal.h"

#include <algorithm>
#include <ctime>

namespace dtls13::cli {
namespace {

volatile sig_atomic_t stop_requested = 0;

void OnSignal(int) { stop_requested = 1; }

}  // namespace

StopSignal::StopSignal() {
  stop_requested = 0;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  for (const int signal : {SIGTERM, SIGINT}) {
    sigaddset(&stop_signals, signal);
    sigaction(signal, &action, nullptr);
  }
  sigprocmask(SIG_BLOCK, &stop_signals, &old_mask_);
}

StopSignal::~StopSignal() { sigprocmask(SIG_SETMASK, &old_mask_, nullptr); }

bool StopSignal::requested() const { return stop_requested != 0; }

void StopSignal::Poll(std::span<pollfd> sockets, std::chrono::milliseconds timeout) const {
  const auto ms = std::max<int64_t>(timeout.count(), 0);
  timespec wait{};
  wait.tv_sec = static_cast<time_t>(ms / 1000);
  wait.tv_nsec = static_cast<long>(ms % 1000) * 1000000;
  sigset_t open = old_mask_;
  sigdelset(&open, SIGTERM);
  sigdelset(&open, SIGINT);
  ppoll(sockets.data(), sockets.size(), &wait, &open);
}

}  // namespace dtls13::cli
