// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/issued_connection_ids.h"

#include <algorithm>

#include "absl/strings/string_view.h"

namespace dtls13 {
namespace {

absl::string_view ViewOf(std::span<const uint8_t> id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

}  // namespace

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

void IssuedConnectionIds::Remove(std::span<const uint8_t> id) { associations_.erase(ViewOf(id)); }

uint64_t IssuedConnectionIds::Find(std::span<const uint8_t> id) const {
  const auto found = associations_.find(ViewOf(id));
  return found == associations_.end() ? 0 : found->second;
}

}  // namespace dtls13
