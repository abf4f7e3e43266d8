// SPDX-License-Identifier: Apache-2.0
#include "provider/capabilities.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

namespace dtls13::provider {
namespace {

// An entry that every program of libssl's calls.
constexpr char kAnyEntry[] = "SSL_new";

// The file that `address` is in; null for none.
const void* FileOf(const void* address) {
  Dl_info info;
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

}  // namespace

// RTLD_DEFAULT would look into this file too, when nobody else has the name. The program's own
// scope has it only where the loader put it there for everybody.
bool SslEntriesAreInForce() {
  void* const program = dlopen(nullptr, RTLD_LAZY);
  if (program == nullptr) return false;
  const void* const found = FileOf(dlsym(program, kAnyEntry));
  dlclose(program);
  return found != nullptr && found == FileOf(reinterpret_cast<const void*>(&SslEntriesAreInForce));
}

int GetCapabilities(void* /*provider*/, const char* capability, OSSL_CALLBACK* callback,
                    void* argument) noexcept {
  if (OPENSSL_strcasecmp(capability, kApiCapability) != 0) return 1;
  unsigned int api_version = kApiVersion;
  unsigned int ssl_entries = SslEntriesAreInForce();
  // DTLS13_VERSION comes from tools/bazel/version.bzl.
  char library_version[] = DTLS13_VERSION;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_uint(kParamApiVersion, &api_version),
      OSSL_PARAM_construct_utf8_string(kParamLibraryVersion, library_version, 0),
      OSSL_PARAM_construct_uint(kParamSslEntries, &ssl_entries), OSSL_PARAM_construct_end()};
  return callback(params, argument);
}

}  // namespace dtls13::provider
