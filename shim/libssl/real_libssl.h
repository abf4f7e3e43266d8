// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_REAL_LIBSSL_H_
#define DTLS13_SHIM_LIBSSL_REAL_LIBSSL_H_

#include <atomic>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// The type of SSL_METHODs' own functions.
using MethodFunction = const SSL_METHOD* (*)();

// The types of functions that the oldest libssl has not.
using FlushSessionsFunction = void (*)(SSL_CTX* ctx, time_t time);
using GroupNameFunction = const char* (*)(SSL* ssl);
using CtxBlockPaddingFunction = int (*)(SSL_CTX* ctx, size_t data_block, size_t handshake_block);
using BlockPaddingFunction = int (*)(SSL* ssl, size_t data_block, size_t handshake_block);
using WriteEx2Function = int (*)(SSL* ssl, const void* data, size_t len, uint64_t flags,
                                 size_t* num_written);

// RealLibssl holds the application's own libssl functions, one member for each line of
// entry_points.inc and under the function's own name: Real().SSL_read(ssl, ...). A member is null
// only where the application's libssl has no such function (OPTIONAL lines).
//
// Inside the shim libssl is reached through this table and no other way: a plain call would come
// back to our own export, and the library links with undefined symbols refused.
struct RealLibssl {
#define DTLS13_ENTRY(name) decltype(&::name) name = nullptr;
#define DTLS13_REAL(name) decltype(&::name) name = nullptr;
#define DTLS13_OPTIONAL_ENTRY(name, type, since) type name = nullptr;
#define DTLS13_OPTIONAL_REAL(name, type) type name = nullptr;
#include "shim/libssl/entry_points.inc"
};

// FindRealLibssl is Real's first call.
const RealLibssl& FindRealLibssl();
// known_real_libssl is null before it.
inline constinit std::atomic<const RealLibssl*> known_real_libssl = nullptr;

// Real finds libssl at its first call, by handle (RTLD_NEXT finds nothing where the host loaded
// libssl with RTLD_LOCAL), and never at start-up: LD_PRELOAD reaches processes that have no libssl.
// Thread-safe. Ends the process when no libssl can be had, as the dynamic linker would.
inline const RealLibssl& Real() {
  const RealLibssl* known = known_real_libssl.load(std::memory_order_acquire);
  return known != nullptr ? *known : FindRealLibssl();
}

}  // namespace dtls13::shim

// DTLS13_EXPORT marks the definition of an entry.
#define DTLS13_EXPORT extern "C" __attribute__((visibility("default")))

#endif  // DTLS13_SHIM_LIBSSL_REAL_LIBSSL_H_
