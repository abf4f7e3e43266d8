// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/rotating_keys.h"

#include <utility>

namespace dtls13 {

bool RotatingKeys::Rotate(RandomSource* random, WallTime now) {
  // Callers' clocks need not agree to the second, so only the forward direction counts: an earlier
  // `now` neither rotates nor dates the key back.
  if (!current_.key.empty() && now - current_.since < period_) return true;
  Secret fresh(key_len_);
  if (!random->Fill(fresh.mutable_bytes())) return false;
  // A server that was idle for two rotations has no use for the key before.
  const bool overlaps = !current_.key.empty() && now - current_.since < 2 * period_;
  const uint8_t id = static_cast<uint8_t>(current_.id + 1);
  previous_ = overlaps ? std::move(current_) : Key();
  current_ = Key{.id = id, .since = now, .key = std::move(fresh)};
  return true;
}

}  // namespace dtls13
