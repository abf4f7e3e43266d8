// SPDX-License-Identifier: Apache-2.0
// The provider without a host, for what links it by itself.
#include "provider/provider.h"

extern "C" int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                  const OSSL_DISPATCH** out, void** provider_context) {
  return dtls13::provider::Init(handle, in, out, provider_context, nullptr);
}
