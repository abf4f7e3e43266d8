// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_
#define DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_

#include <atomic>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// DtlsMethod is what a DTLS method of the application's libssl fixes.
struct DtlsMethod {
  const SSL_METHOD* method;
  // The one version of DTLSv1_method, DTLSv1_2_method and their like; 0 for DTLS_method and its
  // own.
  int pinned_version;
  bool connects;
  bool accepts;
};

// LookForDtlsMethod is FindDtlsMethod for a method that was not the last to be looked for in vain,
// which is last_other_method.
const DtlsMethod* LookForDtlsMethod(const SSL_METHOD* method);
inline constinit std::atomic<const SSL_METHOD*> last_other_method = nullptr;

// IsLastOtherMethod: it is surely none of DTLS. Each record of a connection of TLS asks, and nearly
// all of those have one method.
inline bool IsLastOtherMethod(const SSL_METHOD* method) {
  return method == last_other_method.load(std::memory_order_relaxed);
}

// FindDtlsMethod returns null for what is no DTLS method.
inline const DtlsMethod* FindDtlsMethod(const SSL_METHOD* method) {
  return IsLastOtherMethod(method) ? nullptr : LookForDtlsMethod(method);
}

// MayBeDtls13 says whether an SSL of `method` can ever be the shim's: a method that leaves the
// version open, and, where the policy says something about versions, any other of DTLS.
bool MayBeDtls13(const SSL_METHOD* method);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_
