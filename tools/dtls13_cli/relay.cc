// SPDX-License-Identifier: Apache-2.0
// relay: passes datagrams between one client and one server on loopback, writes each to a capture
// file, and loses those it is told to lose.
#include <poll.h>
#include <signal.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/dtls13_cli/capture.h"
#include "tools/dtls13_cli/commands.h"
#include "tools/dtls13_cli/drop_rule.h"
#include "tools/dtls13_cli/stop_signal.h"
#include "tools/dtls13_cli/udp_socket.h"

namespace dtls13::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"listen", "PORT", "where the client sends to (0: any free port, which is printed)"},
    {"to", "PORT", "where the server listens"},
    {"capture", "FILE", "write each datagram to FILE"},
    {"drop", "LIST", "lose these datagrams, such as c2s:2,s2c:1 (the first is 1)"},
    {"loss", "PERCENT", "lose this share of the others at random"},
    {"seed", "N", "choose which (default 1)"},
    {"seconds", "N", "stop after so long (default 600; SIGTERM stops it too)"},
};

using Clock = std::chrono::steady_clock;

// Large enough for any UDP datagram.
constexpr size_t kMaxDatagramLen = 65536;

class Relay {
 public:
  Relay(UdpSocket client_side, UdpSocket server_side, CaptureWriter capture, DropRule rule)
      : client_side_(std::move(client_side)),
        server_side_(std::move(server_side)),
        capture_(std::move(capture)),
        rule_(std::move(rule)),
        buffer_(kMaxDatagramLen) {}

  // Run returns whether the capture has all that passed.
  absl::Status Run(Clock::time_point end, const StopSignal& stop) {
    while (!stop.requested()) {
      const auto left = end - Clock::now();
      if (left <= Clock::duration::zero()) break;
      std::array<pollfd, 2> sockets = {
          pollfd{.fd = client_side_.fd(), .events = POLLIN, .revents = 0},
          pollfd{.fd = server_side_.fd(), .events = POLLIN, .revents = 0}};
      stop.Poll(sockets, std::chrono::duration_cast<std::chrono::milliseconds>(left));
      PassToServer();
      PassToClient();
    }
    return capture_.status();
  }

 private:
  void PassToServer() {
    sockaddr_in from;
    while (const size_t len = client_side_.Receive(buffer_, &from)) {
      client_ = from;
      if (Record(Direction::kToServer, len)) server_side_.Send({buffer_.data(), len});
    }
  }

  void PassToClient() {
    sockaddr_in from;
    while (const size_t len = server_side_.Receive(buffer_, &from)) {
      const bool pass = Record(Direction::kToClient, len);
      if (pass && client_) client_side_.SendTo({buffer_.data(), len}, *client_);
    }
  }

  // Record returns whether the datagram in the buffer goes on.
  bool Record(Direction direction, size_t len) {
    const Clock::time_point now = Clock::now();
    if (!start_) start_ = now;
    CapturedDatagram datagram;
    datagram.time_us = std::chrono::duration_cast<std::chrono::microseconds>(now - *start_).count();
    datagram.direction = direction;
    datagram.dropped = rule_.Drop(direction);
    datagram.bytes.assign(buffer_.begin(), buffer_.begin() + static_cast<ptrdiff_t>(len));
    capture_.Write(datagram);
    return !datagram.dropped;
  }

  UdpSocket client_side_;
  UdpSocket server_side_;
  CaptureWriter capture_;
  DropRule rule_;
  std::vector<uint8_t> buffer_;
  std::optional<sockaddr_in> client_;
  std::optional<Clock::time_point> start_;
};

absl::Status RunRelay(const Options& options) {
  for (const char* name : {"listen", "to", "capture"}) {
    if (absl::Status status = options.Require(name); !status.ok()) return status;
  }
  const absl::StatusOr<int64_t> listen = options.GetNumber("listen", 0, 65535, 0);
  const absl::StatusOr<int64_t> to = options.GetNumber("to", 1, 65535, 0);
  const absl::StatusOr<int64_t> loss = options.GetNumber("loss", 0, 100, 0);
  const absl::StatusOr<int64_t> seed = options.GetNumber("seed", 0, 1 << 30, 1);
  const absl::StatusOr<int64_t> seconds = options.GetNumber("seconds", 1, 3600, 600);
  for (const absl::StatusOr<int64_t>* number : {&listen, &to, &loss, &seed, &seconds}) {
    if (!number->ok()) return number->status();
  }
  absl::StatusOr<DropRule> rule = DropRule::Make(
      options.GetString("drop", ""), static_cast<int>(*loss), static_cast<uint64_t>(*seed));
  if (!rule.ok()) return rule.status();
  absl::StatusOr<UdpSocket> client_side = UdpSocket::Bound(static_cast<uint16_t>(*listen));
  if (!client_side.ok()) return client_side.status();
  absl::StatusOr<UdpSocket> server_side = UdpSocket::Connected(static_cast<uint16_t>(*to));
  if (!server_side.ok()) return server_side.status();
  absl::StatusOr<CaptureWriter> capture = CaptureWriter::Open(options.GetString("capture", ""));
  if (!capture.ok()) return capture.status();

  const StopSignal stop;
  std::printf("relay: listening on port %u\n", client_side->port());
  std::fflush(stdout);
  Relay relay(*std::move(client_side), *std::move(server_side), *std::move(capture),
              *std::move(rule));
  return relay.Run(Clock::now() + std::chrono::seconds(*seconds), stop);
}

}  // namespace

const Command& RelayCommand() {
  static constexpr Command kCommand = {
      "relay", "pass datagrams between a client and a server, and record them", kOptions, RunRelay};
  return kCommand;
}

}  // namespace dtls13::cli
