// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/allocation_counter.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>

namespace dtls13::bench {
namespace {

// Of each thread: a counter that threads share would be what their measurement shows.
thread_local AllocationCount g_count;

void* CountedAllocate(size_t size) {
  void* block = std::malloc(size);
  if (block != nullptr) {
    ++g_count.num_allocations;
    g_count.live_bytes += static_cast<int64_t>(malloc_usable_size(block));
  }
  return block;
}

void CountedFree(void* block) {
  if (block == nullptr) return;
  g_count.live_bytes -= static_cast<int64_t>(malloc_usable_size(block));
  std::free(block);
}

void* CryptoAllocate(size_t size, const char*, int) { return CountedAllocate(size); }

void* CryptoReallocate(void* block, size_t size, const char*, int) {
  const auto before = static_cast<int64_t>(block == nullptr ? 0 : malloc_usable_size(block));
  void* grown = std::realloc(block, size);
  if (grown != nullptr) {
    ++g_count.num_allocations;
    g_count.live_bytes += static_cast<int64_t>(malloc_usable_size(grown)) - before;
  }
  return grown;
}

void CryptoFree(void* block, const char*, int) { CountedFree(block); }

}  // namespace

void InstallAllocationCounter() {
  if (CRYPTO_set_mem_functions(CryptoAllocate, CryptoReallocate, CryptoFree) != 1) std::abort();
}

AllocationCount CountAllocations() { return g_count; }

}  // namespace dtls13::bench

void* operator new(size_t size) {
  void* block = dtls13::bench::CountedAllocate(size);
  if (block == nullptr) std::abort();
  return block;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return dtls13::bench::CountedAllocate(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return dtls13::bench::CountedAllocate(size);
}
void operator delete(void* block) noexcept { dtls13::bench::CountedFree(block); }
void operator delete[](void* block) noexcept { dtls13::bench::CountedFree(block); }
void operator delete(void* block, size_t) noexcept { dtls13::bench::CountedFree(block); }
void operator delete[](void* block, size_t) noexcept { dtls13::bench::CountedFree(block); }
