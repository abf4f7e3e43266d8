// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/anti_replay.h"

#include <algorithm>

namespace dtls13 {

bool RecentClaims::TryClaim(const Claim& claim, WallTime now) {
  if (claim.id.size() < kIdLen) return false;
  Id id;
  std::copy(claim.id.end() - kIdLen, claim.id.end(), id.begin());
  const std::lock_guard lock(mutex_);
  //= rfc8446#section-8.2
  //# When implementations are freshly started, they SHOULD reject 0-RTT as
  //# long as any portion of their recording window overlaps the startup
  //# time.
  if (claim.not_before <= begin_ || claim.not_after < now) return false;
  // A clock that was set back makes fresh again what is forgotten by now.
  if (now < purged_at_) return false;
  Purge(now);
  if (claims_.size() >= capacity_) return false;
  return claims_.try_emplace(id, claim.not_after).second;
}

size_t RecentClaims::num_claims() const {
  const std::lock_guard lock(mutex_);
  return claims_.size();
}

void RecentClaims::Purge(WallTime now) {
  // The clock has whole seconds, so once in each is as often as anything changes.
  if (now == purged_at_) return;
  purged_at_ = now;
  std::erase_if(claims_, [=](const auto& claim) { return claim.second < now; });
}

bool IsFresh(std::chrono::milliseconds stated_age, WallTime issued_at, WallTime now,
             std::chrono::seconds window) {
  //= rfc8446#section-8.3
  //# When a new ClientHello is received, the expected_arrival_time is then
  //# compared against the current server wall clock time and if they
  //# differ by more than a certain amount, 0-RTT is rejected, though the
  //# 1-RTT handshake can be allowed to complete.
  // No estimate of the round trip is added: the window is seconds.
  const auto expected = issued_at + stated_age;
  return expected >= now - window && expected <= now + window;
}

}  // namespace dtls13
