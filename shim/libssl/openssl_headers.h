// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_OPENSSL_HEADERS_H_
#define DTLS13_SHIM_LIBSSL_OPENSSL_HEADERS_H_

// The public OpenSSL headers that the shim is written against. Entries keep serving functions that
// OpenSSL has deprecated, because applications keep calling them.
#ifndef OPENSSL_SUPPRESS_DEPRECATED
#define OPENSSL_SUPPRESS_DEPRECATED
#endif

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

// The names that OpenSSL 4.1 gives to DTLS 1.3.
#ifndef DTLS1_3_VERSION
#define DTLS1_3_VERSION 0xFEFC
#endif

#endif  // DTLS13_SHIM_LIBSSL_OPENSSL_HEADERS_H_
