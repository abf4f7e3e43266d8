// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_
#define DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_

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

// FindDtlsMethod returns null for what is no DTLS method.
const DtlsMethod* FindDtlsMethod(const SSL_METHOD* method);

// MayBeDtls13 says whether an SSL of `method` can ever be the shim's: a method that leaves the
// version open, and, where the policy says something about versions, any other of DTLS.
bool MayBeDtls13(const SSL_METHOD* method);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_DTLS_METHOD_H_
