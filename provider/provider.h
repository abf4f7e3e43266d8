// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PROVIDER_H_
#define DTLS13_PROVIDER_PROVIDER_H_

#include <openssl/core.h>

#include "provider/host.h"

// OSSL_provider_init is what libcrypto looks for in the file it loads as a provider, provider(7),
// and what OSSL_PROVIDER_add_builtin takes. docs/provider.md says what it offers. It is Init with
// the host that the program or library has, or without.
extern "C" int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                  const OSSL_DISPATCH** out, void** provider_context) noexcept;

namespace dtls13::provider {

// Init makes a provider. `host` outlives it; null: there is none, and the provider's section of
// openssl.cnf has nothing to decide.
int Init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in, const OSSL_DISPATCH** out,
         void** provider_context, Host* host);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_PROVIDER_H_
