// SPDX-License-Identifier: Apache-2.0
#include "dtls13/redis_replay_guard.h"

#include <hiredis/hiredis.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t is POSIX's
#include <sys/time.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "dtls13/udp_address.h"

namespace dtls13 {
namespace {

constexpr std::string_view kUnix = "unix:";

// The whole of a claim in one step: nobody's claim comes between looking and noting. KEYS are the
// claim's and that of the time from which on claims are known; ARGV the seconds until the claim may
// be forgotten, the present time, and the time from which on it could have been made. That time is
// one process's: what a Redis finds on its disk, or has of a master, may lack the last claims.
constexpr char kScript[] =
    "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') "
    "local known = redis.call('GET', KEYS[2]) or '' "
    "local of, since = string.match(known, '^(%w+) (%d+)$') "
    "if of ~= run then since = ARGV[2]; redis.call('SET', KEYS[2], run .. ' ' .. since) end "
    "if tonumber(ARGV[3]) < tonumber(since) then return 0 end "
    "if redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return 1 end "
    "return 0";

timeval TimevalOf(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = static_cast<time_t>(seconds.count()),
          .tv_usec = static_cast<suseconds_t>(std::chrono::microseconds(time - seconds).count())};
}

// SplitAddress is false for what is no address; `*port` is 0 for a path.
bool SplitAddress(std::string_view address, std::string* host, int* port) {
  *port = 0;
  if (address.starts_with(kUnix)) {
    *host = address.substr(kUnix.size());
    return !host->empty();
  }
  const std::optional<UdpAddress> parsed = UdpAddress::Parse(address);
  if (!parsed || parsed->port() == 0) return false;
  *port = parsed->port();
  *host = address.substr(0, address.rfind(':'));
  // hiredis takes an IPv6 address without its brackets.
  if (host->front() == '[') *host = host->substr(1, host->size() - 2);
  return true;
}

// NoBrokenPipe keeps SIGPIPE from this thread while it lives: hiredis writes to a connection that
// Redis has closed, and no library may end its process for that, or change what its signals do.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&broken_pipe_);
    sigaddset(&broken_pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe_, &before_);
  }
  ~NoBrokenPipe() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&broken_pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t broken_pipe_;
  sigset_t before_;
  bool was_pending_;
};

}  // namespace

void RedisReplayGuard::FreeContext::operator()(redisContext* context) const { redisFree(context); }

std::shared_ptr<RedisReplayGuard> RedisReplayGuard::Create(Options options, std::string* error) {
  std::string host;
  int port = 0;
  if (!SplitAddress(options.address, &host, &port)) {
    *error = "\"" + options.address +
             "\" is no address of a Redis, as 127.0.0.1:6379 and unix:/run/redis.sock are.";
    return nullptr;
  }
  return std::shared_ptr<RedisReplayGuard>(
      new RedisReplayGuard(std::move(options), std::move(host), port));
}

RedisReplayGuard::RedisReplayGuard(Options options, std::string host, int port)
    : options_(std::move(options)), host_(std::move(host)), port_(port) {}

uint64_t RedisReplayGuard::num_unanswered() const {
  const std::lock_guard lock(mutex_);
  return num_unanswered_;
}

bool RedisReplayGuard::Connect() {
  if (context_ != nullptr) return true;
  if (Clock::now() < not_before_) {
    ++num_unanswered_;
    return false;
  }
  const timeval timeout = TimevalOf(options_.timeout);
  context_.reset(port_ == 0 ? redisConnectUnixWithTimeout(host_.c_str(), timeout)
                            : redisConnectWithTimeout(host_.c_str(), port_, timeout));
  if (context_ != nullptr && context_->err == 0 &&
      redisSetTimeout(context_.get(), timeout) == REDIS_OK) {
    return true;
  }
  return Fail();
}

// Fail gives up a connection of which nobody knows what it would answer next.
bool RedisReplayGuard::Fail() {
  ++num_unanswered_;
  context_.reset();
  not_before_ = std::max(not_before_, Clock::now() + options_.pause);
  return false;
}

bool RedisReplayGuard::TryClaim(const Claim& claim, WallTime now) {
  if (claim.not_after < now) return false;
  const std::lock_guard lock(mutex_);
  const NoBrokenPipe no_broken_pipe;
  if (!Connect()) return false;
  const std::string since_key = options_.prefix + "since";
  const std::string claim_key = options_.prefix + "id:";
  // Another server's clock may be behind, and its claims last longer by that.
  const long long lifetime_s = (claim.not_after - now + 2 * kClockSkew).count();
  const long long since_s = (now + kClockSkew).time_since_epoch().count();
  const long long not_before_s = claim.not_before.time_since_epoch().count();
  auto* const reply = static_cast<redisReply*>(redisCommand(
      context_.get(), "EVAL %s 2 %s%b %s %lld %lld %lld", kScript, claim_key.c_str(),
      claim.id.data(), claim.id.size(), since_key.c_str(), lifetime_s, since_s, not_before_s));
  if (reply == nullptr) return Fail();
  const bool is_answer = reply->type == REDIS_REPLY_INTEGER;
  const bool is_first = is_answer && reply->integer == 1;
  freeReplyObject(reply);
  return is_answer ? is_first : Fail();
}

}  // namespace dtls13
