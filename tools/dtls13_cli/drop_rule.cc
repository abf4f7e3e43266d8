// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/drop_rule.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dtls13::cli {

absl::StatusOr<DropRule> DropRule::Make(const std::string& list, int loss_percent, uint64_t seed) {
  DropRule rule;
  rule.loss_percent_ = loss_percent;
  for (size_t i = 0; i < kNumDirections; ++i) {
    rule.lanes_[i].random.seed(kNumDirections * seed + i);
  }
  for (const auto& entry_view : absl::StrSplit(list, ',', absl::SkipEmpty())) {
    const std::string entry(entry_view);
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(entry, absl::MaxSplits(':', 1));
    int place = 0;
    if ((parts.first != "c2s" && parts.first != "s2c") || !absl::SimpleAtoi(parts.second, &place) ||
        place < 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--drop takes a list such as c2s:2,s2c:1, not '", entry, "'."));
    }
    const Direction direction = parts.first == "c2s" ? Direction::kToServer : Direction::kToClient;
    rule.lanes_[static_cast<size_t>(direction)].listed.insert(place);
  }
  return rule;
}

bool DropRule::Drop(Direction direction) {
  Lane& lane = lanes_[static_cast<size_t>(direction)];
  const bool unlucky = static_cast<int>(lane.random() % 100) < loss_percent_;
  return lane.listed.contains(++lane.num_seen) || unlucky;
}

}  // namespace dtls13::cli
