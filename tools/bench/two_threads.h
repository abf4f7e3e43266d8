// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_TWO_THREADS_H_
#define DTLS13_TOOLS_BENCH_TWO_THREADS_H_

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <thread>

#include "tools/bench/stopwatch.h"

namespace dtls13::bench {

// Effort is what a thread has had of a processor for its work, and how often it waited for another.
struct Effort {
  double seconds = 0;
  long num_waits = 0;
};

// EffortOf runs `work` in the calling thread.
template <typename Work>
Effort EffortOf(Work work) {
  rusage before{};
  rusage after{};
  getrusage(RUSAGE_THREAD, &before);
  const double start = ThreadSeconds();
  work();
  const double seconds = ThreadSeconds() - start;
  getrusage(RUSAGE_THREAD, &after);
  return {seconds, after.ru_nvcsw - before.ru_nvcsw};
}

// PrintThreadGain prints how many times as much two threads do as one, where first() and second()
// are as much work each, by the best of many rounds. It goes by what each thread has had of a
// processor, which a busy machine leaves as it is; what it cannot show, that one waits for the
// other, is counted beside it.
template <typename First, typename Second>
void PrintThreadGain(const char* what, double aim, First first, Second second) {
  constexpr int kRounds = 40;
  double one = std::numeric_limits<double>::infinity();
  double two = one;
  long num_waits = 0;
  for (int round = 0; round < kRounds; ++round) {
    Effort alone;
    std::thread([&] { alone = EffortOf(first); }).join();
    one = std::min(one, alone.seconds);
    Effort efforts[2];
    std::thread other([&] { efforts[1] = EffortOf(second); });
    efforts[0] = EffortOf(first);
    other.join();
    two = std::min(two, std::max(efforts[0].seconds, efforts[1].seconds));
    num_waits += efforts[0].num_waits + efforts[1].num_waits;
  }
  std::printf("two threads, %-10s %5.2f of one (aim: %.1f), %ld waits\n", what, 2 * one / two, aim,
              num_waits);
}

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_TWO_THREADS_H_
