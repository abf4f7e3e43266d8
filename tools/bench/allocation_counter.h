// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_
#define DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_

#include <cstddef>
#include <cstdint>

namespace dtls13::bench {

// InstallAllocationCounter makes libcrypto allocate through the counter too; operator new always
// does in a program that links this. Call it before the first use of libcrypto.
void InstallAllocationCounter();

// Allocations of the calling thread since it began, and the bytes they hold, less those of others'
// that it has freed. A count that threads shared would be what they wait for.
struct AllocationCount {
  uint64_t num_allocations = 0;
  int64_t live_bytes = 0;
};
AllocationCount CountAllocations();

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_ALLOCATION_COUNTER_H_
