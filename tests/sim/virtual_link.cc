// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/virtual_link.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace dtls13::sim {

bool VirtualLink::Chance(double percent) {
  return percent > 0 && std::uniform_real_distribution<double>(0, 100)(random_) < percent;
}

void VirtualLink::Send(Direction direction, std::span<const uint8_t> bytes, Instant now,
                       const PathId& path) {
  SentDatagram sent{.direction = direction,
                    .index = num_sent_[static_cast<size_t>(direction)]++,
                    .at = now,
                    .bytes = {bytes.begin(), bytes.end()},
                    .path = path};
  sent.dropped =
      (drop_ && drop_(sent)) || bytes.size() > impairment_.mtu || Chance(impairment_.loss);
  log_.push_back(sent);
  if (sent.dropped) return;
  Enqueue(sent, now);
  if (Chance(impairment_.duplicate)) Enqueue(sent, now);
}

void VirtualLink::Enqueue(const SentDatagram& sent, Instant now) {
  Instant at = now + impairment_.delay;
  if (Chance(impairment_.reorder)) {
    at += Duration(std::uniform_int_distribution<Duration::rep>(
        0, impairment_.max_extra_delay.count())(random_));
  }
  std::vector<uint8_t> copy = sent.bytes;
  const bool is_corruptible = !copy.empty() && (!corruptible_ || corruptible_(copy));
  if (is_corruptible && Chance(impairment_.corrupt)) {
    const size_t where = std::uniform_int_distribution<size_t>(0, copy.size() - 1)(random_);
    copy[where] ^= static_cast<uint8_t>(std::uniform_int_distribution<int>(1, 255)(random_));
  }
  pending_.push_back({at, next_order_++, {sent.direction, std::move(copy), sent.path}});
}

std::optional<VirtualLink::Delivery> VirtualLink::Receive(Instant now) {
  const auto earliest =
      std::min_element(pending_.begin(), pending_.end(), [](const Pending& a, const Pending& b) {
        return std::tie(a.at, a.order) < std::tie(b.at, b.order);
      });
  if (earliest == pending_.end() || earliest->at > now) return std::nullopt;
  Delivery delivery = std::move(earliest->delivery);
  pending_.erase(earliest);
  return delivery;
}

std::optional<Instant> VirtualLink::NextDelivery() const {
  std::optional<Instant> next;
  for (const Pending& pending : pending_) {
    if (!next || pending.at < *next) next = pending.at;
  }
  return next;
}

std::string VirtualLink::Describe(const SentDatagram& sent) {
  const bool to_server = sent.direction == Direction::kClientToServer;
  return std::to_string(sent.at.time_since_epoch().count()) + " us " +
         (to_server ? "client " : "server ") + std::to_string(sent.index) + ": " +
         std::to_string(sent.bytes.size()) + " bytes" + (sent.dropped ? ", lost\n" : "\n");
}

std::string VirtualLink::Describe() const {
  std::string text;
  for (const SentDatagram& sent : log_) text += Describe(sent);
  return text;
}

}  // namespace dtls13::sim
