// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_REDIS_REPLAY_GUARD_H_
#define DTLS13_REDIS_REPLAY_GUARD_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "dtls13/session/anti_replay.h"
#include "dtls13/wire/time.h"

struct redisContext;

namespace dtls13 {

// RedisReplayGuard is a guard that a fleet of servers with the same ticket keys shares, in a Redis
// that all of them reach. A claim is a key there until it cannot be made any more. A Redis that was
// started anew, emptied, or made a master may have forgotten claims, whatever it keeps on disk:
// from before that it takes none, which a key of its own tells. Its maxmemory-policy is to be
// noeviction.
//
// Where Redis does not answer, no early data is taken: the client sends it again after the
// handshake. Such a Redis costs Options::timeout once each Options::pause. Thread-safe; threads
// wait for one another.
class RedisReplayGuard final : public EarlyDataReplayGuard {
 public:
  // kClockSkew is how far the servers' clocks may be apart.
  static constexpr std::chrono::seconds kClockSkew{10};

  struct Options {
    // "127.0.0.1:6379", "[::1]:6379", or "unix:/run/redis/redis.sock". No host's name: to look it
    // up may take many times as long as `timeout`.
    std::string address;
    // What stands before each key, where a Redis has other users.
    std::string prefix = "dtls13:early:";
    // How long a claim may take: a handshake waits for it.
    std::chrono::milliseconds timeout{50};
    // How long a Redis that did not answer is left alone.
    std::chrono::milliseconds pause{1000};
  };

  // Create connects only when it is first needed. On null, `*error` is one sentence.
  static std::shared_ptr<RedisReplayGuard> Create(Options options, std::string* error);

  bool TryClaim(const Claim& claim, WallTime now) override;

  // num_unanswered counts the claims that were refused because Redis did not answer.
  uint64_t num_unanswered() const;

 private:
  struct FreeContext {
    void operator()(redisContext* context) const;
  };
  using Clock = std::chrono::steady_clock;

  RedisReplayGuard(Options options, std::string host, int port);
  // Both need mutex_. Connect is false where there is no connection.
  bool Connect();
  bool Fail();

  const Options options_;
  const std::string host_;  // or a path, if port_ is 0
  const int port_;
  mutable std::mutex mutex_;
  std::unique_ptr<redisContext, FreeContext> context_;
  Clock::time_point not_before_{};
  uint64_t num_unanswered_ = 0;
};

}  // namespace dtls13

#endif  // DTLS13_REDIS_REPLAY_GUARD_H_
