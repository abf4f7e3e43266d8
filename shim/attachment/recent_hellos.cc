// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_hellos.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace dtls13::shim {
namespace {

std::atomic<uint32_t> num_forks = 0;

// NumForks counts those that it was called before.
uint32_t NumForks() {
  static const int registered = pthread_atfork(
      nullptr, [] { ++num_forks; }, [] { ++num_forks; });
  static_cast<void>(registered);
  return num_forks;
}

}  // namespace

bool RecentHellos::LetThrough(const CookieTag& cookie, Instant now) {
  std::lock_guard lock(mutex_);
  while (!entries_.empty() && now - entries_.front().let_through >= kMemory) entries_.pop_front();
  if (std::ranges::find(entries_, cookie, &Entry::cookie) != entries_.end()) return false;
  if (entries_.size() == kMaxHellos) entries_.pop_front();
  entries_.push_back({.cookie = cookie, .let_through = now});
  return true;
}

void RecentHellos::Forget(const CookieTag& cookie, Instant let_through) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) {
    return entry.cookie == cookie && entry.let_through == let_through;
  });
}

LetThroughHello::LetThroughHello(std::shared_ptr<RecentHellos> hellos, const CookieTag& cookie,
                                 Instant let_through)
    : hellos_(std::move(hellos)),
      cookie_(cookie),
      let_through_(let_through),
      num_forks_(NumForks()) {}

LetThroughHello::~LetThroughHello() {
  if (hellos_ != nullptr && NumForks() == num_forks_) hellos_->Forget(cookie_, let_through_);
}

}  // namespace dtls13::shim
