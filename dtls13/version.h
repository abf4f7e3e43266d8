// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_VERSION_H_
#define DTLS13_VERSION_H_

// For C as well as C++.

#ifdef __cplusplus
extern "C" {
#endif

// dtls13_version is the version of the library that is running, as "MAJOR.MINOR.PATCH". The string
// is static. libdtls13.so exports it, so a program can ask with dlsym whether it runs under the
// library.
const char* dtls13_version(void);

#ifdef __cplusplus
}
#endif

#endif  // DTLS13_VERSION_H_
