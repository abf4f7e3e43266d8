// SPDX-License-Identifier: Apache-2.0
#include "provider/capabilities.h"

#include <openssl/crypto.h>
#include <openssl/params.h>

#include "provider/host.h"
#include "provider/provider_context.h"

namespace dtls13::provider {

bool HasEntriesInForce(void* provider) {
  const Host* host = ProviderContext::Of(provider)->host();
  return host != nullptr && host->HasEntriesInForce();
}

int GetCapabilities(void* provider, const char* capability, OSSL_CALLBACK* callback,
                    void* argument) noexcept {
  constexpr char kGroups[] = "TLS-GROUP";
  Host* const host = ProviderContext::Of(provider)->host();
  if (host != nullptr && OPENSSL_strcasecmp(capability, kGroups) == 0) host->OnNewSslCtx();
  if (OPENSSL_strcasecmp(capability, kApiCapability) != 0) return 1;
  unsigned int api_version = kApiVersion;
  unsigned int ssl_entries = HasEntriesInForce(provider);
  // DTLS13_VERSION comes from tools/bazel/version.bzl.
  char library_version[] = DTLS13_VERSION;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_uint(kParamApiVersion, &api_version),
      OSSL_PARAM_construct_utf8_string(kParamLibraryVersion, library_version, 0),
      OSSL_PARAM_construct_uint(kParamSslEntries, &ssl_entries), OSSL_PARAM_construct_end()};
  return callback(params, argument);
}

}  // namespace dtls13::provider
