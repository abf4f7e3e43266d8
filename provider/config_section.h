// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_CONFIG_SECTION_H_
#define DTLS13_PROVIDER_CONFIG_SECTION_H_

#include <openssl/types.h>

#include <functional>
#include <string>

#include "provider/host.h"

namespace dtls13::provider {

// FindUnknownKey returns a key of the provider's section of openssl.cnf, config(5), that is not for
// OpenSSL itself and that `is_known` does not take; empty when there is none.
//
// libcrypto's core tells the values of keys that a provider knows, and no more. So the file that
// OPENSSL_CONF names, or the system's, is read again for the names, and the core asked whether it
// has them: where the section came from another file, or from none, nothing is found.
std::string FindUnknownKey(OSSL_LIB_CTX* library_context, const ConfigReader& core,
                           const std::function<bool(const std::string& key)>& is_known);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_CONFIG_SECTION_H_
