// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_SCALING_H_
#define DTLS13_TOOLS_BENCH_SCALING_H_

#include <functional>

namespace dtls13::bench {

// Work is made for one worker, in it, and does one unit with each call.
using Work = std::function<void()>;

// Scaling is what two workers did, of what one alone did, all in the best round of each.
struct Scaling {
  double threads = 0;    // by the clock
  double processes = 0;  // of two processes, which share no lock: what the machine itself allows
  // Of two threads, by the processor time they had: other programs do not disturb it, and waiting
  // for a lock does not show in it.
  double threads_busy = 0;
  double waits =
      0;  // of a thread of two for another, in 1,000 units of work: locks that were taken
};

// MeasureScaling runs one worker, two threads and two processes in turn, round after round.
Scaling MeasureScaling(const std::function<Work()>& make_work);

// PrintScaling measures `make_work` and prints a line of it, beside what threads are to reach by
// the clock; PrintScalingHeading names its columns.
void PrintScalingHeading();
void PrintScaling(const char* what, const std::function<Work()>& make_work);

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_SCALING_H_
