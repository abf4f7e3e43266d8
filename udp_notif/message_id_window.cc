// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/message_id_window.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace dtls13::udp_notif {
namespace {

constexpr uint32_t kBitsPerWord = 64;

}  // namespace

MessageIdWindow::MessageIdWindow(const MessageIdLimits& limits) : limits_(limits) {
  // A power of two, so that the remainders go round with the IDs.
  constexpr uint32_t kMaxBehind = 1 << 16;
  limits_.behind = std::bit_ceil(std::clamp(limits_.behind, kBitsPerWord, kMaxBehind));
}

bool MessageIdWindow::Came(uint32_t message_id) const {
  const uint32_t at = message_id % limits_.behind;
  return (came_[at / kBitsPerWord] >> (at % kBitsPerWord) & 1) != 0;
}

void MessageIdWindow::SetCame(uint32_t message_id, bool came) {
  const uint32_t at = message_id % limits_.behind;
  const uint64_t bit = uint64_t{1} << (at % kBitsPerWord);
  uint64_t& word = came_[at / kBitsPerWord];
  word = came ? word | bit : word & ~bit;
}

void MessageIdWindow::Begin(uint32_t message_id) {
  came_.assign(limits_.behind / kBitsPerWord, 0);
  highest_ = message_id;
  num_known_ = 1;
  num_lost_ += std::exchange(num_missing_, 0);
  run_len_ = 0;
  SetCame(message_id, true);
}

void MessageIdWindow::Advance(uint32_t message_id) {
  const uint32_t steps = message_id - highest_;
  gap_ += steps - 1;
  highest_ = message_id;
  if (steps >= limits_.behind) {
    std::fill(came_.begin(), came_.end(), 0);
    num_lost_ += num_missing_ + (steps - limits_.behind);
    num_missing_ = limits_.behind - 1;
    num_known_ = limits_.behind;
  } else {
    Slide(steps);
  }
  SetCame(message_id, true);
}

// Makes room for `steps` IDs up to the highest, none of which came: fewer than the window has.
void MessageIdWindow::Slide(uint32_t steps) {
  num_missing_ += steps - 1;
  for (uint32_t i = steps; i > 0; --i) {
    const uint32_t id = highest_ - i + 1;
    if (num_known_ < limits_.behind) {
      ++num_known_;
    } else if (!Came(id)) {  // the ID that leaves has the same bit
      ++num_lost_;
      --num_missing_;
    }
    SetCame(id, false);
  }
}

bool MessageIdWindow::Restarts(uint32_t message_id) {
  const bool is_another_segment = run_len_ > 0 && message_id + 1 == run_next_;
  if (is_another_segment) return false;
  run_len_ = run_len_ > 0 && message_id == run_next_ ? run_len_ + 1 : 1;
  run_next_ = message_id + 1;
  return run_len_ == kRestartRun;
}

std::optional<DropReason> MessageIdWindow::Accept(uint32_t message_id) {
  if (came_.empty()) {
    Begin(message_id);
    return std::nullopt;
  }
  const uint32_t above = message_id - highest_;
  const uint32_t below = highest_ - message_id;
  if (above > 0 && above <= limits_.ahead) {
    run_len_ = 0;
    Advance(message_id);
    return std::nullopt;
  }
  if (below >= limits_.behind) {
    if (Restarts(message_id)) {
      ++num_restarts_;
      Begin(message_id);
      return std::nullopt;
    }
    return above < below ? DropReason::kFarMessage : DropReason::kStaleMessage;
  }
  if (below < num_known_) {
    if (Came(message_id)) return DropReason::kDuplicateMessage;
    --num_missing_;
  } else {
    // Sent before the first that came, and overtaken by it. Those between may come as well.
    num_missing_ += below - num_known_;
    num_known_ = below + 1;
  }
  SetCame(message_id, true);
  return std::nullopt;
}

uint64_t MessageIdWindow::TakeGap() { return std::exchange(gap_, 0); }

}  // namespace dtls13::udp_notif
