// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/real_libssl.h"

#include <dlfcn.h>

#include <cstdlib>
#include <string>

#include "shim/libssl/complaint.h"
#include "shim/libssl/libssl_generation.h"

namespace dtls13::shim {
namespace {

template <typename Function>
void Resolve(void* handle, const char* name, bool required, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  if (*function != nullptr || !required) return;
  Complain(std::string(kLibssl) + " lacks the function " + name);
  abort();
}

RealLibssl Load() {
  void* handle = dlopen(kLibssl, RTLD_LAZY | RTLD_NOLOAD);
  // A program that links with -ldtls13 alone has had no other way to bring libssl in.
  if (handle == nullptr) handle = dlopen(kLibssl, RTLD_LAZY);
  if (handle == nullptr) {
    Complain(std::string(kLibssl) + " is not there");
    abort();
  }
  RealLibssl table;
#define DTLS13_ENTRY(name) Resolve(handle, #name, true, &table.name);
#define DTLS13_REAL(name) Resolve(handle, #name, true, &table.name);
#define DTLS13_OPTIONAL_ENTRY(name, type, since) Resolve(handle, #name, false, &table.name);
#define DTLS13_OPTIONAL_REAL(name, type) Resolve(handle, #name, false, &table.name);
#include "shim/libssl/entry_points.inc"
  return table;
}

}  // namespace

const RealLibssl& FindRealLibssl() {
  static const RealLibssl table = Load();
  known_real_libssl.store(&table, std::memory_order_release);
  return table;
}

}  // namespace dtls13::shim
