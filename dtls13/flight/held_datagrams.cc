// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/held_datagrams.h"

#include <utility>

namespace dtls13 {

void HeldDatagrams::Hold(std::span<const uint8_t> datagram) {
  if (datagrams_.size() == kMaxDatagrams || datagram.size() > kMaxBytes - num_bytes_) return;
  datagrams_.emplace_back(datagram.begin(), datagram.end());
  num_bytes_ += datagram.size();
}

std::vector<std::vector<uint8_t>> HeldDatagrams::TakeAll() {
  num_bytes_ = 0;
  return std::exchange(datagrams_, {});
}

}  // namespace dtls13
