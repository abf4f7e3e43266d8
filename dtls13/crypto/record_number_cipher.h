// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_RECORD_NUMBER_CIPHER_H_
#define DTLS13_CRYPTO_RECORD_NUMBER_CIPHER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13 {

// Bytes of ciphertext the mask is made from, and bytes of mask a record header can need.
inline constexpr size_t kRecordNumberSampleLen = 16;
inline constexpr size_t kRecordNumberMaskLen = 2;

// RecordNumberCipher makes the mask that hides record numbers, RFC 9147 section 4.2.3. One per
// epoch and direction; the same operation hides and reveals. A mask costs no allocation. Move-only.
// It does not know header forms: with an 8-bit number the caller uses the mask's first byte.
class RecordNumberCipher {
 public:
  // `sn_key` has suite.key_len bytes. Nothing when the suite is not supported, the length is wrong,
  // or libcrypto fails.
  static std::optional<RecordNumberCipher> Create(const Algorithms& algorithms,
                                                  const CipherSuite& suite,
                                                  std::span<const uint8_t> sn_key);

  // Mask fills `mask` from a record's first 16 bytes of ciphertext. False when libcrypto fails.
  [[nodiscard]] bool Mask(std::span<const uint8_t, kRecordNumberSampleLen> sample,
                          std::span<uint8_t, kRecordNumberMaskLen> mask);

  // MaskAll is Mask of several records. `blocks` has their samples, one behind the other; at the
  // place of each, its mask comes first afterwards, and the rest is undefined. False, and all is
  // undefined, when libcrypto fails.
  [[nodiscard]] bool MaskAll(std::span<uint8_t> blocks);

 private:
  RecordNumberCipher(OpenSslPtr<EVP_CIPHER_CTX> context, bool is_chacha);

  OpenSslPtr<EVP_CIPHER_CTX> context_;
  bool is_chacha_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_RECORD_NUMBER_CIPHER_H_
