// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_YES_OR_NO_H_
#define DTLS13_PROVIDER_YES_OR_NO_H_

#include <openssl/crypto.h>

#include <optional>
#include <string>
#include <string_view>

namespace dtls13::provider {

// ReadYesOrNo reads the value of a key that is one of the two, in either case, as OpenSSL's own
// configuration files have them; nothing for any other. It is for every such key of the library's,
// whoever's the key is.
inline std::optional<bool> ReadYesOrNo(std::string_view value) {
  const std::string word(value);
  if (OPENSSL_strcasecmp(word.c_str(), "yes") == 0) return true;
  if (OPENSSL_strcasecmp(word.c_str(), "no") == 0) return false;
  return std::nullopt;
}

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_YES_OR_NO_H_
