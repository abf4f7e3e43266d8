// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/x509_parse.h"

#include <openssl/x509.h>

#include <limits>
#include <utility>

namespace dtls13 {

OpenSslPtr<X509> ParseX509(const Algorithms& algorithms, std::span<const uint8_t> der) {
  if (der.size() > std::numeric_limits<int>::max()) return nullptr;
  // An object of our own, so that its key is decoded with the caller's providers. It is ours
  // whether or not the decoding succeeds.
  X509* certificate = X509_new_ex(algorithms.library_context(), algorithms.property_query());
  const unsigned char* end = der.data();
  const bool parsed = certificate != nullptr &&
                      d2i_X509(&certificate, &end, static_cast<long>(der.size())) != nullptr &&
                      end == der.data() + der.size();
  OpenSslPtr<X509> owned(certificate);
  if (!parsed) return nullptr;
  return owned;
}

}  // namespace dtls13
