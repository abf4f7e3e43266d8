// SPDX-License-Identifier: Apache-2.0
// Against Debian's redis-server, which the test starts.

#include "dtls13/redis_replay_guard.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace dtls13 {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'750'000'000)};

// RedisServer is a Redis in a folder, which writes to disk only what Save tells it to.
class RedisServer {
 public:
  explicit RedisServer(const std::string& folder) : folder_(folder), path_(folder + "/socket") {
    Start();
  }
  ~RedisServer() { Stop(); }

  static bool IsInstalled() { return std::system("redis-server --version >/dev/null 2>&1") == 0; }

  void Start() {
    std::vector<std::string> words = {
        "redis-server", "--port", "0",          "--unixsocket", path_,   "--save", "",
        "--appendonly", "no",     "--loglevel", "warning",      "--dir", folder_};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ASSERT_EQ(posix_spawnp(&process_, "redis-server", nullptr, nullptr, arguments.data(), environ),
              0);
    while (!IsListening()) {
      ASSERT_EQ(waitpid(process_, nullptr, WNOHANG), 0) << "redis-server ended";
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  void Stop() {
    if (process_ <= 0) return;
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    process_ = -1;
    unlink(path_.c_str());
  }

  void Save() const {
    redisContext* const context = redisConnectUnix(path_.c_str());
    void* const reply = redisCommand(context, "SAVE");
    EXPECT_NE(reply, nullptr);
    freeReplyObject(reply);
    redisFree(context);
  }

  // Halt and GoOn: it is there and does not answer.
  void Halt() const { kill(process_, SIGSTOP); }
  void GoOn() const { kill(process_, SIGCONT); }

 private:
  bool IsListening() const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_listening =
        connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    return is_listening;
  }

  const std::string folder_;
  const std::string path_;
  pid_t process_ = -1;
};

class RedisReplayGuardTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!RedisServer::IsInstalled()) {
      const char* const required = getenv("DTLS13_REQUIRE_PEERS");
      ASSERT_STRNE(required == nullptr ? "" : required, "1") << "there is no redis-server";
      GTEST_SKIP() << "NOT TESTED HERE: there is no redis-server; Debian's package has it";
    }
    // A Unix socket's path has to be shorter than that of the test's own folder may be.
    std::string folder = "/tmp/dtls13_redis_XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    path_ = folder + "/socket";
    server_ = std::make_unique<RedisServer>(folder);
  }

  void TearDown() override {
    server_.reset();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::shared_ptr<RedisReplayGuard> Guard(
      std::chrono::milliseconds timeout = std::chrono::milliseconds(5000)) {
    std::string error;
    auto guard = RedisReplayGuard::Create(
        {.address = "unix:" + path_, .timeout = timeout, .pause = std::chrono::milliseconds(0)},
        &error);
    EXPECT_NE(guard, nullptr) << error;
    return guard;
  }

  // Claims begin a minute after the guard does, so that it cannot have forgotten any.
  static bool TryClaim(RedisReplayGuard* guard, uint8_t name, WallTime now = kNow + seconds(60)) {
    const std::vector<uint8_t> id(32, name);
    return guard->TryClaim({.id = id, .not_before = now, .not_after = now + seconds(10)}, now);
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisReplayGuardTest, AClaimIsGoodOnceWhicheverServerIsAsked) {
  const auto one = Guard();
  const auto other = Guard();
  EXPECT_FALSE(TryClaim(one.get(), 0, kNow)) << "it could have been made before";
  EXPECT_TRUE(TryClaim(one.get(), 1));
  EXPECT_FALSE(TryClaim(one.get(), 1));
  EXPECT_FALSE(TryClaim(other.get(), 1));
  EXPECT_TRUE(TryClaim(other.get(), 2));
  EXPECT_FALSE(TryClaim(one.get(), 2));
  const std::vector<uint8_t> id(32, 9);
  EXPECT_FALSE(one->TryClaim({.id = id, .not_before = kNow, .not_after = kNow}, kNow + seconds(1)));
  EXPECT_EQ(one->num_unanswered() + other->num_unanswered(), 0u);
}

TEST_F(RedisReplayGuardTest, ThreadsOfOneServerShareIt) {
  const auto guard = Guard();
  EXPECT_FALSE(TryClaim(guard.get(), 0, kNow));
  std::atomic<int> num_taken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint8_t name = 1; name <= 50; ++name) num_taken += TryClaim(guard.get(), name) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_taken, 50);
}

TEST_F(RedisReplayGuardTest, WithoutAnAnswerNothingIsTaken) {
  // Long enough for a Redis on a busy machine to answer while it can.
  const auto guard = Guard(std::chrono::seconds(1));
  EXPECT_FALSE(TryClaim(guard.get(), 0, kNow));
  server_->Halt();
  EXPECT_FALSE(TryClaim(guard.get(), 1));
  EXPECT_EQ(guard->num_unanswered(), 1u);
  server_->GoOn();
  server_->Stop();
  EXPECT_FALSE(TryClaim(guard.get(), 2));
  EXPECT_EQ(guard->num_unanswered(), 2u);
}

// A Redis that begins anew has forgotten who came before, and what was on its disk is of before
// the last claim.
class RestartedRedisTest : public RedisReplayGuardTest, public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(WithAndWithoutASnapshot, RestartedRedisTest, testing::Bool());

TEST_P(RestartedRedisTest, TakesNoOldClaims) {
  const auto guard = Guard();
  EXPECT_FALSE(TryClaim(guard.get(), 0, kNow));
  if (GetParam()) server_->Save();
  EXPECT_TRUE(TryClaim(guard.get(), 1));
  server_->Stop();
  server_->Start();
  const WallTime now = kNow + seconds(65);
  const std::vector<uint8_t> id(32, 1);
  const EarlyDataReplayGuard::Claim repeated{
      .id = id, .not_before = kNow + seconds(60), .not_after = kNow + seconds(70)};
  EXPECT_FALSE(guard->TryClaim(repeated, now)) << "the connection is the old one's";
  EXPECT_FALSE(guard->TryClaim(repeated, now));
  EXPECT_TRUE(TryClaim(guard.get(), 2, now + RedisReplayGuard::kClockSkew + seconds(1)));
}

TEST(RedisReplayGuardAddressTest, RefusesWhatIsNone) {
  std::string error;
  for (const char* const address :
       {"", "unix:", "127.0.0.1", ":6379", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:x",
        "127.0.0.1:65536", "localhost:6379", "::1:6379", "[::1]", "[::1]:0", "[localhost]:6379"}) {
    EXPECT_EQ(RedisReplayGuard::Create({.address = address}, &error), nullptr) << address;
    EXPECT_EQ(error.find('"'), 0u) << error;
  }
}

// Listener is a TCP port of loopback that accepts and says nothing.
class Listener {
 public:
  explicit Listener(int family) : fd_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage address{};
    socklen_t len = sizeof(sockaddr_in);
    if (family == AF_INET6) {
      len = sizeof(sockaddr_in6);
      reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
    } else {
      reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    address.ss_family = static_cast<sa_family_t>(family);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, any, len) != 0 || listen(fd_, 1) != 0 || getsockname(fd_, any, &len) != 0) return;
    port_ = ntohs(family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                     : reinterpret_cast<sockaddr_in&>(address).sin_port);
  }
  ~Listener() { close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // port is 0 where there is no such loopback.
  int port() const { return port_; }
  bool WasCalled() const {
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    return poll(&readable, 1, 0) == 1;
  }

 private:
  int fd_;
  int port_ = 0;
};

class RedisReplayGuardHostTest : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Families, RedisReplayGuardHostTest, testing::Values(AF_INET, AF_INET6));

TEST_P(RedisReplayGuardHostTest, ConnectsToTheAddressThatItIsGiven) {
  const Listener listener(GetParam());
  if (listener.port() == 0) GTEST_SKIP() << "NOT TESTED HERE: there is no loopback of this family";
  const std::string host = GetParam() == AF_INET6 ? "[::1]:" : "127.0.0.1:";
  std::string error;
  const auto guard =
      RedisReplayGuard::Create({.address = host + std::to_string(listener.port())}, &error);
  ASSERT_NE(guard, nullptr) << error;
  const std::vector<uint8_t> id(32, 1);
  EXPECT_FALSE(guard->TryClaim({.id = id, .not_before = kNow, .not_after = kNow}, kNow));
  EXPECT_TRUE(listener.WasCalled());
}

}  // namespace
}  // namespace dtls13
