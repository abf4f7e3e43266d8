// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_DISPATCH_H_
#define DTLS13_PROVIDER_DISPATCH_H_

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

// What provider-base(7) calls a dispatch table: pairs of a function's number and the function, the
// last with number 0. libcrypto casts each back to the type that its number stands for.

namespace dtls13::provider {

// Entry is one pair.
template <typename Function>
OSSL_DISPATCH Entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)(void)>(function)};
}

// kDefinition is the properties of every algorithm here.
inline constexpr char kDefinition[] = "provider=dtls13";

// Find returns the function of number `id`, null where the table has none.
template <typename Function>
Function* Find(const OSSL_DISPATCH* table, int id) {
  for (; table->function_id != 0; ++table) {
    if (table->function_id == id) return reinterpret_cast<Function*>(table->function);
  }
  return nullptr;
}

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_DISPATCH_H_
