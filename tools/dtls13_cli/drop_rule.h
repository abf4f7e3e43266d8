// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_DROP_RULE_H_
#define DTLS13_TOOLS_DTLS13_CLI_DROP_RULE_H_

#include <array>
#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "tools/dtls13_cli/capture.h"

namespace dtls13::cli {

// DropRule decides which datagrams a relay loses. Each direction has its own count and its own
// random stream, so that a decision depends on nothing that happens the other way.
class DropRule {
 public:
  // `list` names datagrams by direction and place, the first being 1: "c2s:2,s2c:1". `loss_percent`
  // of the others are lost at random, the same ones for the same `seed`.
  static absl::StatusOr<DropRule> Make(const std::string& list, int loss_percent, uint64_t seed);

  // Drop is asked once for each datagram, in order.
  bool Drop(Direction direction);

 private:
  struct Lane {
    std::set<int> listed;
    int num_seen = 0;
    std::mt19937_64 random;
  };

  std::array<Lane, kNumDirections> lanes_;
  int loss_percent_ = 0;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_DROP_RULE_H_
