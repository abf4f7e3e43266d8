// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/hash.h"

#include <openssl/evp.h>

#include "dtls13/crypto/algorithms.h"

namespace dtls13 {

std::optional<HashValue> Hash(const Algorithms& algorithms, HashId hash,
                              std::span<const uint8_t> data) {
  const EVP_MD* digest = algorithms.digest(hash);
  HashValue value;
  unsigned int len = 0;
  if (digest == nullptr ||
      EVP_Digest(data.data(), data.size(), value.bytes.data(), &len, digest, nullptr) != 1) {
    return std::nullopt;
  }
  value.len = len;
  return value;
}

}  // namespace dtls13
