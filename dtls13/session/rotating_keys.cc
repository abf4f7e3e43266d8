// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/rotating_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

// kMaxSteps bounds the work of a clock that jumps: from 1970 to now, in periods of hours.
constexpr uint64_t kMaxSteps = 1000;

}  // namespace

RotatingKeys::RotatingKeys(size_t key_len, std::chrono::seconds period, KeySeed seed)
    : key_len_(key_len),
      period_(std::max(period, std::chrono::seconds(1))),
      seed_(std::move(seed.secret)) {
  next_.since = seed.since - period_;
}

bool RotatingKeys::Rotate(const Algorithms& algorithms, RandomSource* random, WallTime now) {
  // Callers' clocks need not agree to the second, so only the forward direction counts: an earlier
  // `now` neither rotates nor dates the key back.
  if (!current_.key.empty() && now - current_.since < period_) return true;
  std::optional<Hkdf> hkdf = Hkdf::Create(algorithms, HashId::kSha256, LabelPrefix::kDtls13);
  if (!hkdf.has_value()) return false;
  if (seed_.empty()) {
    Secret drawn(KeySeed::kLen);
    if (!random->Fill(drawn.mutable_bytes())) return false;
    seed_ = std::move(drawn);
    next_.since = now - period_;
  }
  while (current_.key.empty() || now - current_.since >= period_) {
    const auto num_periods =
        static_cast<uint64_t>(std::max<int64_t>((now - next_.since).count(), 0) / period_.count());
    if (num_periods > kMaxSteps && !Leap(&*hkdf, num_periods)) return false;
    if (!Advance(&*hkdf)) return false;
  }
  return true;
}

// Advance makes the next key the present one.
bool RotatingKeys::Advance(Hkdf* hkdf) {
  if (!hkdf->SetSecret(seed_.bytes())) return false;
  Key next{.id = static_cast<uint8_t>(next_.id + 1),
           .since = next_.since + period_,
           .key = hkdf->ExpandSecret("key", {}, key_len_)};
  Secret seed = hkdf->ExpandSecret("next", {}, KeySeed::kLen);
  if (next.key.empty() || seed.empty()) return false;
  previous_ = std::move(current_);
  current_ = std::move(next_);
  next_ = std::move(next);
  seed_ = std::move(seed);
  return true;
}

// Leap does without the keys of so many periods.
bool RotatingKeys::Leap(Hkdf* hkdf, uint64_t num_periods) {
  std::array<uint8_t, sizeof(num_periods)> context;
  ByteWriter writer{std::span<uint8_t>(context)};
  writer.WriteU64(num_periods);
  if (!hkdf->SetSecret(seed_.bytes())) return false;
  Secret seed = hkdf->ExpandSecret("leap", context, KeySeed::kLen);
  if (seed.empty()) return false;
  seed_ = std::move(seed);
  const uint64_t num_skipped = num_periods - 1;
  next_.id = static_cast<uint8_t>(next_.id + num_skipped);
  next_.since += static_cast<int64_t>(num_skipped) * period_;
  next_.key = Secret();
  current_ = Key();
  return true;
}

const RotatingKeys::Key* RotatingKeys::Find(uint8_t id) const {
  for (const Key* key : all()) {
    if (key->id == id && !key->key.empty()) return key;
  }
  return nullptr;
}

}  // namespace dtls13
