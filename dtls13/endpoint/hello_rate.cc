// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/hello_rate.h"

#include <algorithm>

#include "dtls13/endpoint/seeded_hash.h"

namespace dtls13 {

Duration HelloRate::IntervalOf(uint32_t rate) {
  constexpr Duration kSecond = std::chrono::seconds(1);
  // A rate of a million and more is finer than the clock.
  return rate == 0 ? Duration::zero() : std::max(kSecond / rate, Duration(1));
}

bool HelloRate::HasRoom(Instant count, Duration interval, Instant now) {
  return count + interval <= now + kBurst;
}

HelloRate::HelloRate(uint32_t max_per_host, uint32_t max_in_all, uint64_t seed)
    : per_host_(IntervalOf(max_per_host)), in_all_(IntervalOf(max_in_all)), seed_(seed) {
  if (max_per_host == 0) return;
  for (Counts& counts : hosts_) counts.resize(kPlaces);
}

bool HelloRate::TryTake(std::span<const uint8_t> host, bool may_have_cookie, Instant now) {
  Instant& all = all_[may_have_cookie ? 1 : 0];
  const Instant new_all = std::max(all, now) + in_all_;
  if (in_all_ > Duration::zero() && !HasRoom(std::max(all, now), in_all_, now)) return false;
  if (per_host_ > Duration::zero()) {
    const size_t hash = SeededHash(seed_, host);
    // A size_t of 32 bits has enough for both.
    static_assert(kPlaces <= 1 << 16);
    Instant& first = hosts_[0][hash % kPlaces];
    Instant& second = hosts_[1][(hash >> 16) % kPlaces];
    const Instant least = std::max(std::min(first, second), now);
    if (!HasRoom(least, per_host_, now)) return false;
    // What another host has put into one of them is not added to.
    first = std::max(first, least + per_host_);
    second = std::max(second, least + per_host_);
  }
  all = new_all;
  return true;
}

}  // namespace dtls13
