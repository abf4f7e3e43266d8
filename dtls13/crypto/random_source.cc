// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/random_source.h"

#include <openssl/rand.h>

namespace dtls13 {
namespace {

class LibraryRandom : public RandomSource {
 public:
  explicit LibraryRandom(OSSL_LIB_CTX* library_context) : library_context_(library_context) {}

  bool Fill(std::span<uint8_t> out) override {
    // The private DRBG: cookie keys come from here too, and a hello random then tells nothing of
    // the generator that made them public.
    //= rfc8446#appendix-C.1
    //# It is RECOMMENDED to use an existing CSPRNG implementation in
    //# preference to crafting a new one.
    return RAND_priv_bytes_ex(library_context_, out.data(), out.size(), 0) == 1;
  }

 private:
  OSSL_LIB_CTX* library_context_;
};

}  // namespace

std::shared_ptr<RandomSource> SystemRandom(OSSL_LIB_CTX* library_context) {
  return std::make_shared<LibraryRandom>(library_context);
}

}  // namespace dtls13
