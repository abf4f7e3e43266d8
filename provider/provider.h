// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PROVIDER_H_
#define DTLS13_PROVIDER_PROVIDER_H_

#include <openssl/core.h>

#include "provider/host.h"

namespace dtls13::provider {

// Init is OSSL_provider_init, which <openssl/core.h> declares, with the host that the program or
// library has: libcrypto looks for that function in a file that it loads as a provider, and
// OSSL_PROVIDER_add_builtin takes it. `host` outlives the provider; null: there is none, and the
// provider's section of openssl.cnf has nothing to decide but the self-test. docs/provider.md says
// what the provider offers.
int Init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in, const OSSL_DISPATCH** out,
         void** provider_context, Host* host) noexcept;

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_PROVIDER_H_
