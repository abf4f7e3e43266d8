// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_CAPABILITIES_H_
#define DTLS13_PROVIDER_CAPABILITIES_H_

#include <openssl/core.h>

namespace dtls13::provider {

// kApiCapability is the capability under which the provider says what can be asked of it.
inline constexpr char kApiCapability[] = "DTLS13-API";
// kApiVersion counts changes of the algorithms' names, parameters and layouts of docs/provider.md
// that a caller has to know of; what is only added leaves it as it is.
inline constexpr unsigned int kApiVersion = 1;

// Its parameters: kApiVersion, the library's version, and whether the SSL_* entries are in force.
inline constexpr char kParamApiVersion[] = "api-version";
inline constexpr char kParamLibraryVersion[] = "library-version";
inline constexpr char kParamSslEntries[] = "ssl-entries";

// GetCapabilities is OSSL_FUNC_PROVIDER_GET_CAPABILITIES. Of a capability that is not ours there is
// nothing to tell, and nothing wrong: libssl asks every provider for TLS-GROUP and TLS-SIGALG, for
// each SSL_CTX it makes. The host hears of that.
int GetCapabilities(void* provider, const char* capability, OSSL_CALLBACK* callback,
                    void* argument) noexcept;

// HasEntriesInForce says whether this process's calls of libssl reach the provider's host.
bool HasEntriesInForce(void* provider);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_CAPABILITIES_H_
