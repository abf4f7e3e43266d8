// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_WORKLOAD_H_
#define DTLS13_TOOLS_DTLS13_CLI_WORKLOAD_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace dtls13::cli {

// WorkloadConfig says what a peer sends and what it waits for.
struct WorkloadConfig {
  bool echo = false;        // send back whatever arrives
  int64_t count = 0;        // datagrams to send
  size_t fixed_len = 0;     // bytes of each; 0: mixed, from 1 to max_len
  size_t max_len = 1000;    // bytes
  bool await_echo = false;  // each must come back, unchanged and in order
  int64_t expect = 0;       // datagrams that must have arrived before this side is done
  std::string text;         // sent first, if not empty
};

// Workload makes the data a peer sends, and checks the data it receives. The data depends on
// nothing but the configuration. It does not know how data travels.
class Workload {
 public:
  explicit Workload(WorkloadConfig config) : config_(std::move(config)), random_(1) {}

  // Next is the next datagram to send, nothing while echoes are awaited or when all are sent.
  std::optional<std::vector<uint8_t>> Next();
  // OnReceived is false when an echo is not what was sent.
  [[nodiscard]] bool OnReceived(std::span<const uint8_t> data);
  bool done() const;

  int64_t num_sent() const { return num_sent_; }
  int64_t num_received() const { return num_received_; }
  uint64_t num_bytes_received() const { return num_bytes_received_; }

 private:
  // So many datagrams may be under way: well below what a socket's default buffer holds.
  static constexpr size_t kMaxUnanswered = 8;

  std::vector<uint8_t> Make();

  WorkloadConfig config_;
  std::mt19937 random_;
  std::deque<std::vector<uint8_t>> echoes_owed_;    // by us
  std::deque<std::vector<uint8_t>> echoes_wanted_;  // of the peer
  int64_t num_made_ = 0;
  int64_t num_sent_ = 0;
  int64_t num_received_ = 0;
  uint64_t num_bytes_received_ = 0;
  bool text_sent_ = false;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_WORKLOAD_H_
