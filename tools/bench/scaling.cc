// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/scaling.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <thread>
#include <vector>

#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRounds = 9;
constexpr std::chrono::milliseconds kRound(250);
constexpr int kMaxWorkers = 2;
constexpr double kAim = 1.9;

// Board is seen by all workers, processes too.
struct Board {
  std::atomic<int> num_ready{0};
  struct {
    double per_second = 0;
    double per_busy_second = 0;
    double waits = 0;
  } results[kMaxWorkers];
};

Board* NewBoard() {
  void* const memory =
      mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  return new (memory) Board;
}

// NumWaits is how often the thread has left its processor by itself.
double NumWaits() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return static_cast<double>(usage.ru_nvcsw);
}

void RunWorker(Board* board, int worker, int num_workers, const std::function<Work()>& make_work) {
  const Work work = make_work();
  work();
  ++board->num_ready;
  while (board->num_ready < num_workers) std::this_thread::yield();
  const auto start = Clock::now();
  const double busy_start = ThreadSeconds();
  const double waits_start = NumWaits();
  double num_done = 0;
  while (Clock::now() - start < kRound) {
    work();
    ++num_done;
  }
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  board->results[worker] = {num_done / elapsed.count(), num_done / (ThreadSeconds() - busy_start),
                            1000 * (NumWaits() - waits_start) / num_done};
}

struct Rates {
  double per_second = 0;
  double per_busy_second = 0;
  double waits = 0;

  void KeepBest(const Rates& other) {
    per_second = std::max(per_second, other.per_second);
    per_busy_second = std::max(per_busy_second, other.per_busy_second);
    waits = std::max(waits, other.waits);
  }
};

enum class Workers : uint8_t { kThreads, kProcesses };

Rates Run(Workers kind, int num_workers, const std::function<Work()>& make_work) {
  Board* const board = NewBoard();
  std::vector<std::thread> threads;
  for (int i = 0; i < num_workers; ++i) {
    if (kind == Workers::kThreads) {
      threads.emplace_back(RunWorker, board, i, num_workers, std::cref(make_work));
    } else if (fork() == 0) {
      RunWorker(board, i, num_workers, make_work);
      _exit(0);
    }
  }
  for (std::thread& thread : threads) thread.join();
  while (kind == Workers::kProcesses && wait(nullptr) > 0) {
  }
  Rates sum;
  for (int i = 0; i < num_workers; ++i) {
    sum.per_second += board->results[i].per_second;
    sum.per_busy_second += board->results[i].per_busy_second;
    sum.waits += board->results[i].waits / num_workers;
  }
  munmap(board, sizeof(Board));
  return sum;
}

}  // namespace

Scaling MeasureScaling(const std::function<Work()>& make_work) {
  Rates one;
  Rates threads;
  Rates processes;
  for (int round = 0; round < kRounds; ++round) {
    one.KeepBest(Run(Workers::kThreads, 1, make_work));
    threads.KeepBest(Run(Workers::kThreads, 2, make_work));
    processes.KeepBest(Run(Workers::kProcesses, 2, make_work));
  }
  return {.threads = threads.per_second / one.per_second,
          .processes = processes.per_second / one.per_second,
          .threads_busy = threads.per_busy_second / one.per_busy_second,
          .waits = threads.waits};
}

void PrintScalingHeading() {
  std::printf("\n%-22s %8s %8s %10s %8s %8s\n", "two workers over one", "threads", "aim",
              "processes", "busy", "waits");
}

void PrintScaling(const char* what, const std::function<Work()>& make_work) {
  const Scaling scaling = MeasureScaling(make_work);
  std::printf("%-22s %8.2f %8.2f %10.2f %8.2f %8.2f\n", what, scaling.threads, kAim,
              scaling.processes, scaling.threads_busy, scaling.waits);
}

}  // namespace dtls13::bench
