// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_STOPWATCH_H_
#define DTLS13_TOOLS_BENCH_STOPWATCH_H_

#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime is POSIX's

#include <chrono>
#include <cstddef>

namespace dtls13::bench {

// NanosecondsEach is what one call of `body(i)` takes, of `num`.
template <typename Body>
double NanosecondsEach(size_t num, Body body) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (size_t i = 0; i < num; ++i) body(i);
  const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
  return elapsed.count() / static_cast<double>(num);
}

// ThreadSeconds is what the calling thread has had of a processor: on a machine that others use as
// well, the only time that says something.
inline double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_STOPWATCH_H_
