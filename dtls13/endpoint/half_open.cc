// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/half_open.h"

#include <algorithm>

#include "dtls13/endpoint/seeded_hash.h"

namespace dtls13 {

HalfOpen::HalfOpen(size_t max, size_t max_per_host, uint64_t seed)
    : max_(max),
      max_per_host_(max_per_host != 0 ? max_per_host : std::max<size_t>(max / kHostShare, 1)),
      seed_(seed) {}

void HalfOpen::Add(AssociationId id, std::span<const uint8_t> host) {
  const Host its = SeededHash(seed_, host);
  hosts_of_.emplace(id, its);
  of_host_[its].insert(id);
}

void HalfOpen::Remove(AssociationId id) {
  const auto at = hosts_of_.find(id);
  if (at == hosts_of_.end()) return;
  const auto its = of_host_.find(at->second);
  its->second.erase(id);
  if (its->second.empty()) of_host_.erase(its);
  hosts_of_.erase(at);
}

AssociationId HalfOpen::InTheWay(std::span<const uint8_t> host) const {
  const auto its = of_host_.find(SeededHash(seed_, host));
  if (its != of_host_.end() && its->second.size() >= max_per_host_) return *its->second.begin();
  return hosts_of_.size() >= max_ ? oldest() : 0;
}

}  // namespace dtls13
