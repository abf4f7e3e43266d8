// SPDX-License-Identifier: Apache-2.0
// The DTLS methods for a program of the libssl that this build is not for. Preloaded, the library
// has nothing for such a program: its calls ask for another version node and go to its libssl. That
// is said once, at its first use of DTLS; otherwise nothing would tell it from a program that
// speaks DTLS 1.3. Methods of one version are left out: who has asked for DTLS 1.2 has it.
//
// The three names are hidden versions: neither the linker nor a lookup that names no version finds
// them, so those who link with the library, or have its libssl, get libssl's.

#include <dlfcn.h>

#include <atomic>
#include <string>

#include "shim/libssl/complaint.h"
#include "shim/libssl/libssl_generation.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// Null, which SSL_CTX_new reports, where the program's libssl has no such method.
const SSL_METHOD* MethodOfStranger(const char* name) {
  static constinit std::atomic<bool> said = false;
  if (!said.exchange(true)) {
    Complain(std::string("this program has ") + kStrangeLibssl +
             ", and the library was built for " + kLibssl + ": it does nothing here.");
  }
  // The program may have loaded it with RTLD_LOCAL, where RTLD_NEXT finds nothing.
  void* libssl = dlopen(kStrangeLibssl, RTLD_LAZY | RTLD_NOLOAD);
  if (libssl == nullptr) return nullptr;
  const auto method = reinterpret_cast<MethodFunction>(dlsym(libssl, name));
  return method != nullptr ? method() : nullptr;
}

}  // namespace
}  // namespace dtls13::shim

#define DTLS13_STRANGER_ENTRY(name)                          \
  DTLS13_EXPORT const SSL_METHOD* dtls13_stranger_##name() { \
    return dtls13::shim::MethodOfStranger(#name);            \
  }                                                          \
  __asm__(".symver dtls13_stranger_" #name ", " #name "@" DTLS13_STRANGE_NODE);
#include "shim/libssl/entry_points.inc"
