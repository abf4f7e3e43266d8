// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/issued_connection_ids.h"

#include <algorithm>

namespace dtls13 {

bool IssuedConnectionIds::IsInUse(const Id& id) const {
  return associations_.contains(id) || std::find(fresh_.begin(), fresh_.end(), id) != fresh_.end();
}

bool IssuedConnectionIds::Generate(std::span<uint8_t> id) {
  for (int tries = 0; tries < kMaxTries; ++tries) {
    if (source_ != nullptr ? !source_->Generate(id) : !random_->Fill(id)) return false;
    Id made(id.begin(), id.end());
    if (IsInUse(made)) continue;
    if (fresh_.size() == kMaxFresh) fresh_.pop_front();
    fresh_.push_back(std::move(made));
    return true;
  }
  return false;
}

bool IssuedConnectionIds::Add(std::span<const uint8_t> id, uint64_t association) {
  const Id added(id.begin(), id.end());
  std::erase(fresh_, added);
  const auto [at, is_new] = associations_.try_emplace(added, association);
  return is_new || at->second == association;
}

void IssuedConnectionIds::Remove(std::span<const uint8_t> id) {
  associations_.erase(Id(id.begin(), id.end()));
}

uint64_t IssuedConnectionIds::Find(std::span<const uint8_t> id) const {
  const auto found = associations_.find(Id(id.begin(), id.end()));
  return found == associations_.end() ? 0 : found->second;
}

}  // namespace dtls13
