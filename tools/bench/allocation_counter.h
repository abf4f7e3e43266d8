// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_
#define DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_

#include <cstddef>
#include <cstdint>

namespace dtls13::bench {

// InstallAllocationCounter makes libcrypto allocate through the counter too; operator new always
// does in a program that links this. Call it before the first use of libcrypto.
void InstallAllocationCounter();

// Allocations and the bytes they hold, of the calling thread since it began: what another thread
// gives back is counted there.
struct AllocationCount {
  uint64_t num_allocations = 0;
  int64_t live_bytes = 0;
};
AllocationCount CountAllocations();

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_
