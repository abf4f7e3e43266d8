// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PROVIDER_H_
#define DTLS13_PROVIDER_PROVIDER_H_

#include <openssl/core.h>

// OSSL_provider_init is what libcrypto looks for in the file it loads as a provider, provider(7),
// and what OSSL_PROVIDER_add_builtin takes. docs/provider.md says what it offers.
extern "C" int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                  const OSSL_DISPATCH** out, void** provider_context) noexcept;

#endif  // DTLS13_PROVIDER_PROVIDER_H_
