// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_RANDOM_SOURCE_H_
#define DTLS13_CRYPTO_RANDOM_SOURCE_H_

#include <openssl/types.h>

#include <cstdint>
#include <memory>
#include <span>

namespace dtls13 {

// RandomSource gives random bytes: hello randoms, cookie keys. A simulation gives its own, seeded.
// Private keys do not come from here; libcrypto draws those itself (KeyExchange).
// Implementations that several associations share are thread-safe.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  // Fill overwrites all of `out`. False when there is no randomness: the handshake fails.
  [[nodiscard]] virtual bool Fill(std::span<uint8_t> out) = 0;
};

// SystemRandom is the DRBG of `library_context` (null: the default one), which must outlive it.
// Thread-safe.
std::shared_ptr<RandomSource> SystemRandom(OSSL_LIB_CTX* library_context);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_RANDOM_SOURCE_H_
