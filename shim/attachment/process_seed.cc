// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/process_seed.h"

#include <pthread.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <utility>

#include "shim/bio/clock.h"

namespace dtls13::shim {
namespace {

using Number = std::atomic<uint64_t>;

std::atomic<const KeySeed*> process_seed{nullptr};

Number number_without_page{0};

void ForgetNumber() { number_without_page.store(0, std::memory_order_relaxed); }

// NumberPlace is where the process's number stands: 0 in a child that was just forked, in whatever
// way. The kernel sees to it; where it cannot, libc does for its own fork.
Number* NumberPlace() {
  static Number* const place = []() -> Number* {
    void* page = mmap(nullptr, sizeof(Number), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                      /*fd=*/-1, /*offset=*/0);
    if (page != MAP_FAILED) {
      if (madvise(page, sizeof(Number), MADV_WIPEONFORK) == 0) return new (page) Number(0);
      munmap(page, sizeof(Number));
    }
    pthread_atfork(nullptr, nullptr, ForgetNumber);
    return &number_without_page;
  }();
  return place;
}

}  // namespace

KeySeed ProcessSeed(RandomSource* random) {
  const KeySeed* seed = process_seed.load(std::memory_order_acquire);
  if (seed == nullptr) {
    auto made = std::unique_ptr<KeySeed>(new (std::nothrow) KeySeed);
    if (made == nullptr) return {};
    Secret secret(KeySeed::kLen);
    if (!random->Fill(secret.mutable_bytes())) return {};
    *made = {.secret = std::move(secret), .since = WallNow()};
    // Never freed: associations may outlive static destructors.
    if (process_seed.compare_exchange_strong(seed, made.get(), std::memory_order_acq_rel)) {
      seed = made.release();
    }
  }
  return seed->Copy();
}

uint64_t ProcessNumber(RandomSource* random) {
  Number* place = NumberPlace();
  uint64_t number = place->load(std::memory_order_acquire);
  if (number != 0) return number;
  std::array<uint8_t, sizeof(number)> bytes;
  if (!random->Fill(bytes)) return 0;
  uint64_t drawn = 0;
  for (const uint8_t byte : bytes) drawn = drawn << 8 | byte;
  return place->compare_exchange_strong(number, drawn, std::memory_order_acq_rel) ? drawn : number;
}

}  // namespace dtls13::shim
