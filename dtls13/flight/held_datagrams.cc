// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/held_datagrams.h"

#include <utility>

namespace dtls13 {

void HeldDatagrams::Hold(Epoch awaited, std::span<const uint8_t> datagram) {
  if (held_.size() == kMaxDatagrams || datagram.size() > kMaxBytes - num_bytes_) return;
  held_.push_back({awaited, {datagram.begin(), datagram.end()}});
  num_bytes_ += datagram.size();
}

std::vector<std::vector<uint8_t>> HeldDatagrams::TakeUpTo(Epoch newest) {
  std::vector<std::vector<uint8_t>> taken;
  std::vector<Held> kept;
  for (Held& held : std::exchange(held_, {})) {
    if (held.awaited > newest) {
      kept.push_back(std::move(held));
      continue;
    }
    num_bytes_ -= held.bytes.size();
    taken.push_back(std::move(held.bytes));
  }
  held_ = std::move(kept);
  return taken;
}

}  // namespace dtls13
