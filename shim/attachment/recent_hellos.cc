// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_hellos.h"

#include <algorithm>

namespace dtls13::shim {

bool RecentHellos::LetThrough(const CookieTag& cookie, Instant now) {
  std::lock_guard lock(mutex_);
  while (!entries_.empty() && now - entries_.front().let_through >= kMemory) entries_.pop_front();
  if (std::ranges::find(entries_, cookie, &Entry::cookie) != entries_.end()) return false;
  if (entries_.size() == kMaxHellos) entries_.pop_front();
  entries_.push_back({.cookie = cookie, .let_through = now});
  return true;
}

void RecentHellos::Forget(const CookieTag& cookie) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.cookie == cookie; });
}

}  // namespace dtls13::shim
