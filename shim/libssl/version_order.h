// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_VERSION_ORDER_H_
#define DTLS13_SHIM_LIBSSL_VERSION_ORDER_H_

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// IsOlderVersion compares DTLS versions, which count downwards: a newer one has a smaller number.
// DTLS1_BAD_VER, of before DTLS 1.0 and still that of Cisco's AnyConnect, is small and older than
// all.
inline bool IsOlderVersion(int version, int than) {
  constexpr int kBeforeDtls1 = DTLS1_VERSION + 1;
  if (version == DTLS1_BAD_VER) version = kBeforeDtls1;
  if (than == DTLS1_BAD_VER) than = kBeforeDtls1;
  return version > than;
}

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_VERSION_ORDER_H_
