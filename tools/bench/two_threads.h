// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_TWO_THREADS_H_
#define DTLS13_TOOLS_BENCH_TWO_THREADS_H_

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <thread>

#include "tools/bench/stopwatch.h"

namespace dtls13::bench {

// PrintThreadGain prints how many times as much gets done where first() and second(), of as much
// work each, are run by two threads at once as where one thread runs first() alone, by the best of
// many rounds. It takes two processors that have nothing else to do.
template <typename First, typename Second>
void PrintThreadGain(const char* what, double aim, First first, Second second) {
  constexpr int kRounds = 40;
  double one_ns = std::numeric_limits<double>::infinity();
  double two_ns = one_ns;
  for (int round = 0; round < kRounds; ++round) {
    // By a thread of its own too: what is another's first use of libcrypto in both is in neither.
    one_ns = std::min(one_ns, NanosecondsEach(1, [&](size_t) { std::thread(first).join(); }));
    two_ns = std::min(two_ns, NanosecondsEach(1, [&](size_t) {
                        std::thread other(second);
                        std::thread(first).join();
                        other.join();
                      }));
  }
  std::printf("two threads, %-10s %5.2f of one (aim: %.1f)\n", what, 2 * one_ns / two_ns, aim);
}

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_TWO_THREADS_H_
