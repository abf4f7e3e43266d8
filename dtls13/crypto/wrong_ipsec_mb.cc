// SPDX-License-Identifier: Apache-2.0
// A libipsec-mb whose answers are wrong, for any processor that the true one serves.

#include <cstdint>
#include <cstring>

extern "C" {

[[gnu::visibility("default")]] void aes_gcm_pre_128_avx_gen4(const void*, void*) {}
[[gnu::visibility("default")]] void aes_gcm_pre_256_avx_gen4(const void*, void*) {}

#define DTLS13_WRONG_CRYPT(name)                                                                   \
  [[gnu::visibility("default")]] void name(const void*, void*, uint8_t* out, const uint8_t* in,    \
                                           uint64_t len, const uint8_t*, const uint8_t*, uint64_t, \
                                           uint8_t* tag, uint64_t tag_len) {                       \
    if (len > 0) std::memmove(out, in, len);                                                       \
    std::memset(tag, 0, tag_len);                                                                  \
  }
DTLS13_WRONG_CRYPT(aes_gcm_enc_128_avx_gen4)
DTLS13_WRONG_CRYPT(aes_gcm_dec_128_avx_gen4)
DTLS13_WRONG_CRYPT(aes_gcm_enc_256_avx_gen4)
DTLS13_WRONG_CRYPT(aes_gcm_dec_256_avx_gen4)
}
