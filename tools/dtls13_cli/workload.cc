// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/workload.h"

#include <algorithm>
#include <utility>

namespace dtls13::cli {

std::optional<std::vector<uint8_t>> Workload::Next() {
  std::vector<uint8_t> data;
  if (!echoes_owed_.empty()) {
    data = std::move(echoes_owed_.front());
    echoes_owed_.pop_front();
  } else if (!config_.text.empty() && !text_sent_) {
    text_sent_ = true;
    data.assign(config_.text.begin(), config_.text.end());
  } else if (num_made_ < config_.count && echoes_wanted_.size() < kMaxUnanswered) {
    data = Make();
    if (config_.await_echo) echoes_wanted_.push_back(data);
  } else {
    return std::nullopt;
  }
  ++num_sent_;
  return data;
}

std::vector<uint8_t> Workload::Make() {
  const size_t len = config_.fixed_len != 0 ? config_.fixed_len : 1 + random_() % config_.max_len;
  std::vector<uint8_t> data(len);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random_());
  ++num_made_;
  return data;
}

bool Workload::OnReceived(std::span<const uint8_t> data) {
  ++num_received_;
  num_bytes_received_ += data.size();
  if (config_.echo) echoes_owed_.emplace_back(data.begin(), data.end());
  if (!config_.await_echo || echoes_wanted_.empty()) return true;
  const bool same = std::equal(data.begin(), data.end(), echoes_wanted_.front().begin(),
                               echoes_wanted_.front().end());
  echoes_wanted_.pop_front();
  return same;
}

bool Workload::done() const {
  return num_made_ >= config_.count && echoes_owed_.empty() && echoes_wanted_.empty() &&
         num_received_ >= config_.expect && (config_.text.empty() || text_sent_);
}

}  // namespace dtls13::cli
