// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/libssl_toll.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <string>

#include "tools/bench/shim_connection.h"

namespace dtls13::bench {
namespace {

constexpr double kMaxTollPercent = 2;
constexpr int kRounds = 40;
// Where a process has its memory is chance, and worth more than the toll.
constexpr int kProcesses = 5;

constexpr std::array<const char*, 3> kWhat = {"SSL_write", "SSL_read", "handshake"};
using Times = std::array<double, kWhat.size()>;

constexpr Times kNoTimes = {std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::infinity(),
                            std::numeric_limits<double>::infinity()};

// User is a process of the program. It ends with its input.
class User {
 public:
  User(const std::string& program, const char* protocol, const char* preload) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) Die("no socket pair");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string name = program;
    std::string argument = protocol;
    std::string environment = std::string("LD_PRELOAD=") + preload;
    char* const arguments[] = {name.data(), argument.data(), nullptr};
    char* const variables[] = {environment.data(), nullptr};
    if (posix_spawn(&process_, name.c_str(), &actions, nullptr, arguments, variables) != 0) {
      Die("no process");
    }
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    descriptor_ = ends[0];
  }
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  ~User() {
    close(descriptor_);
    waitpid(process_, nullptr, 0);
  }

  void Round(Times* best) {
    if (write(descriptor_, "\n", 1) != 1) Die("a process is gone");
    // One short line, written at once.
    std::array<char, 200> line = {};
    Times times;
    if (read(descriptor_, line.data(), line.size() - 1) <= 0 ||
        std::sscanf(line.data(), "%lf %lf %lf", &times[0], &times[1], &times[2]) != 3) {
      Die("no times");
    }
    for (size_t i = 0; i < times.size(); ++i) (*best)[i] = std::min((*best)[i], times[i]);
  }

 private:
  pid_t process_ = 0;
  int descriptor_ = -1;
};

void MeasureProtocol(const std::string& program, const std::string& library, const char* protocol) {
  Times alone = kNoTimes;
  Times beside = kNoTimes;
  for (int process = 0; process < kProcesses; ++process) {
    User user_alone(program, protocol, "");
    User user_beside(program, protocol, library.c_str());
    for (int round = 0; round < kRounds / kProcesses; ++round) {
      user_alone.Round(&alone);
      user_beside.Round(&beside);
    }
  }
  for (size_t i = 0; i < kWhat.size(); ++i) {
    std::printf("%-9s %-10s %9.0f %9.0f %+6.1f %%\n", protocol, kWhat[i], alone[i], beside[i],
                100 * (beside[i] / alone[i] - 1));
  }
}

}  // namespace

void MeasureToll(const std::string& program, const std::string& library) {
  // The loader looks elsewhere for a name without a slash, and goes on where it finds none.
  const std::unique_ptr<char, decltype(&std::free)> path(realpath(library.c_str(), nullptr),
                                                         std::free);
  if (path == nullptr) Die("no library to preload");
  std::printf("\nns of libssl's own, with this library preloaded; aim: at most %.0f %% more\n",
              kMaxTollPercent);
  std::printf("%-9s %-10s %9s %9s\n", "", "", "without", "with");
  MeasureProtocol(program, path.get(), "tls1.3");
  MeasureProtocol(program, path.get(), "dtls1.2");
}

}  // namespace dtls13::bench
