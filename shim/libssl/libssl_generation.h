// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_LIBSSL_GENERATION_H_
#define DTLS13_SHIM_LIBSSL_LIBSSL_GENERATION_H_

#include "shim/libssl/openssl_headers.h"

// DTLS13_LIBSSL_MAJOR is the libssl whose programs this build of the library is for. Programs ask
// for libssl's functions under a version node that has the number in its name, so no library is for
// both.
#ifndef DTLS13_LIBSSL_MAJOR
#define DTLS13_LIBSSL_MAJOR 3
#endif

static_assert(OPENSSL_VERSION_MAJOR == DTLS13_LIBSSL_MAJOR,
              "for the headers of OpenSSL 4 build with --config=openssl4, for those of 3 without");

// DTLS13_STRANGE_NODE, a string literal, is the version node under which programs of the other
// libssl ask. kLibssl is the file that the programs here have, kStrangeLibssl that of the others.
#if DTLS13_LIBSSL_MAJOR == 3
#define DTLS13_STRANGE_NODE "OPENSSL_4.0.0"
#else
#define DTLS13_STRANGE_NODE "OPENSSL_3.0.0"
#endif

namespace dtls13::shim {

#if DTLS13_LIBSSL_MAJOR == 3
inline constexpr const char* kLibssl = "libssl.so.3";
inline constexpr const char* kStrangeLibssl = "libssl.so.4";
#else
inline constexpr const char* kLibssl = "libssl.so.4";
inline constexpr const char* kStrangeLibssl = "libssl.so.3";
#endif

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_LIBSSL_GENERATION_H_
