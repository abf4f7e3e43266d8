// SPDX-License-Identifier: Apache-2.0
// The one entry that is libcrypto's: libssl draws the random of its ServerHello by it.

#include <dlfcn.h>
#include <openssl/rand.h>

#include "shim/libssl/downgrade_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

using RandomFunction = decltype(&RAND_bytes_ex);

// Not in RealLibssl, which needs a libssl: processes without one draw from libcrypto too.
RandomFunction RealRandom() {
  static const RandomFunction real = [] {
    void* handle = dlopen("libcrypto.so.3", RTLD_LAZY | RTLD_NOLOAD);
    return handle == nullptr ? nullptr
                             : reinterpret_cast<RandomFunction>(dlsym(handle, "RAND_bytes_ex"));
  }();
  return real;
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT int RAND_bytes_ex(OSSL_LIB_CTX* library_context, unsigned char* out, size_t len,
                                unsigned int strength) noexcept {
  const RandomFunction real = RealRandom();
  if (real == nullptr) return 0;
  const int result = real(library_context, out, len, strength);
  if (result > 0) DowngradeMark::MarkRandom({out, len});
  return result;
}
