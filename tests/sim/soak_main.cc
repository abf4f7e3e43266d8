// SPDX-License-Identifier: Apache-2.0
// The soak: RunSoakSeed over a range of seeds, in several processes. tools/soak is its front.

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/soak.h"

namespace dtls13::sim {
namespace {

struct Options {
  uint64_t first = 1;
  uint64_t num = 100'000;
  uint64_t jobs = 2;
  std::optional<uint64_t> only;
};

// Counts are what one process found.
struct Counts {
  uint64_t seeds = 0;
  uint64_t failures = 0;
  uint64_t connected = 0;
  uint64_t datagrams = 0;

  void Add(const Counts& other) {
    seeds += other.seeds;
    failures += other.failures;
    connected += other.connected;
    datagrams += other.datagrams;
  }
};

bool ParseNumber(const char* text, uint64_t* out) {
  if (text == nullptr || *text < '0' || *text > '9') return false;
  char* end = nullptr;
  *out = std::strtoull(text, &end, 10);
  return *end == '\0';
}

bool ParseOptions(char** argv, Options* options) {
  for (char** at = argv + 1; *at != nullptr; ++at) {
    const std::string_view name(*at);
    uint64_t value = 0;
    if (name == "--long") {
      options->num = 1'000'000;
      continue;
    }
    if (at[1] == nullptr || !ParseNumber(*++at, &value)) return false;
    if (name == "--seed") {
      options->only = value;
    } else if (name == "--first") {
      options->first = value;
    } else if (name == "--seeds") {
      options->num = value;
    } else if (name == "--jobs" && value > 0) {
      options->jobs = value;
    } else {
      return false;
    }
  }
  return true;
}

int RunOne(uint64_t seed) {
  const SoakVerdict verdict = RunSoakSeed(seed, /*want_trace=*/true);
  std::printf("%sseed %llu: %s\n", verdict.trace.c_str(), static_cast<unsigned long long>(seed),
              verdict.fault.empty() ? "holds" : verdict.fault.c_str());
  return verdict.fault.empty() ? 0 : 1;
}

// What a process has on its heap does not grow with the seeds it has run.
class HeapWatch {
 public:
  // Judged from the seed kWarmUp on: by then whatever is kept for the process is there.
  void OnSeed() {
    if (++num_seeds_ == kWarmUp) bytes_when_warm_ = mallinfo2().uordblks;
  }
  bool HasGrown() const {
    return num_seeds_ > kWarmUp && mallinfo2().uordblks > bytes_when_warm_ + kMaxGrowth;
  }

 private:
  static constexpr uint64_t kWarmUp = 1000;
  static constexpr size_t kMaxGrowth = 256 << 10;

  uint64_t num_seeds_ = 0;
  size_t bytes_when_warm_ = 0;
};

Counts RunShare(const Options& options, uint64_t job) {
  Counts counts;
  HeapWatch heap;
  for (uint64_t i = job; i < options.num; i += options.jobs) {
    const uint64_t seed = options.first + i;
    const SoakVerdict verdict = RunSoakSeed(seed, /*want_trace=*/false);
    heap.OnSeed();
    ++counts.seeds;
    counts.connected += verdict.connected ? 1 : 0;
    counts.datagrams += verdict.num_datagrams;
    if (verdict.fault.empty()) continue;
    ++counts.failures;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), verdict.fault.c_str());
    std::fflush(stdout);
  }
  if (heap.HasGrown()) {
    ++counts.failures;
    std::printf("the heap has grown over the seeds\n");
    std::fflush(stdout);
  }
  return counts;
}

// StartJob returns the end of a pipe that will yield the share's Counts; nothing of them if it
// crashes. The child leaves without ever returning.
int StartJob(const Options& options, uint64_t job) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t pid = fork();
  if (pid != 0) {
    close(ends[1]);
    return pid > 0 ? ends[0] : -1;
  }
  const Counts counts = RunShare(options, job);
  const bool ok = write(ends[1], &counts, sizeof(counts)) == sizeof(counts);
  std::_Exit(ok ? 0 : 1);
}

int RunAll(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<int> pipes;
  for (uint64_t job = 0; job < options.jobs; ++job) pipes.push_back(StartJob(options, job));
  Counts total;
  bool crashed = false;
  for (const int end : pipes) {
    Counts counts;
    if (end < 0 || read(end, &counts, sizeof(counts)) != sizeof(counts)) {
      crashed = true;
      continue;
    }
    total.Add(counts);
  }
  while (wait(nullptr) > 0) {
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  if (crashed) std::printf("a process ended before its seeds did\n");
  std::printf("%llu connected, %llu datagrams\n", static_cast<unsigned long long>(total.connected),
              static_cast<unsigned long long>(total.datagrams));
  std::printf("%llu seeds, %llu failures, %.0f seeds a second\n",
              static_cast<unsigned long long>(total.seeds),
              static_cast<unsigned long long>(total.failures),
              static_cast<double>(total.seeds) / elapsed.count());
  return total.failures > 0 || crashed ? 1 : 0;
}

int Main(char** argv) {
  Options options;
  if (!ParseOptions(argv, &options)) {
    std::fprintf(stderr,
                 "usage: soak [--seeds N | --long] [--first N] [--jobs N]\n"
                 "       soak --seed N\n");
    return 2;
  }
  return options.only ? RunOne(*options.only) : RunAll(options);
}

}  // namespace
}  // namespace dtls13::sim

int main(int, char** argv) { return dtls13::sim::Main(argv); }
