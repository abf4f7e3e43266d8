// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_ANTI_REPLAY_H_
#define DTLS13_SESSION_ANTI_REPLAY_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "dtls13/wire/time.h"

namespace dtls13 {

// EarlyDataReplayGuard sees to it that early data is taken once, RFC 8446 section 8: whoever copies
// a first flight may send it again, to this server or to another with the same ticket keys. All
// servers that share ticket keys must share one guard: an implementation over a common store is how
// a fleet does. Called from any thread.
class EarlyDataReplayGuard {
 public:
  // Claim is one wish to take early data.
  struct Claim {
    // The thing that may be used once: a verified binder (recording ClientHellos, section 8.2) or a
    // ticket (single-use tickets, section 8.1). The last 16 bytes tell one from another, so they
    // must be unpredictable.
    std::span<const uint8_t> id;
    // The same claim could have been made from `not_before` on, and can be until `not_after`.
    WallTime not_before{};
    WallTime not_after{};
    // Number() of the guard that the ticket was issued with.
    uint64_t guard = 0;
  };

  virtual ~EarlyDataReplayGuard() = default;
  // Number is put into each ticket that is issued, and tells guards of the same ticket keys apart
  // that do not share what they know: one that did not issue a ticket cannot know whether it was
  // used elsewhere. 0 where there is one guard only.
  virtual uint64_t Number() { return 0; }
  // TryClaim is true for the first of all equal claims, and only if it certainly is the first.
  virtual bool TryClaim(const Claim& claim, WallTime now) = 0;
};

// RecentClaims is a guard for one process. It remembers a claim until it cannot be made any more;
// what it could have forgotten, it refuses: claims from before it was made, and any claim while it
// is full. Memory is bounded by `capacity` claims of some 80 bytes.
class RecentClaims final : public EarlyDataReplayGuard {
 public:
  static constexpr size_t kDefaultCapacity = 65536;

  explicit RecentClaims(WallTime now, size_t capacity = kDefaultCapacity)
      : begin_(now), capacity_(capacity) {}

  bool TryClaim(const Claim& claim, WallTime now) override;
  size_t num_claims() const;

 private:
  static constexpr size_t kIdLen = 16;
  using Id = std::array<uint8_t, kIdLen>;

  // Forgets what cannot be claimed any more. Needs mutex_.
  void Purge(WallTime now);

  const WallTime begin_;
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::map<Id, WallTime> claims_;  // until when each can be repeated
  WallTime purged_at_{};
};

// IsFresh compares the age that a client states of its ticket with the one we see, RFC 8446 section
// 8.3: false when the ClientHello was made more than `window` before or after now. What passes can
// be repeated for no longer than twice the window.
bool IsFresh(std::chrono::milliseconds stated_age, WallTime issued_at, WallTime now,
             std::chrono::seconds window);

}  // namespace dtls13

#endif  // DTLS13_SESSION_ANTI_REPLAY_H_
