// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_RAW_CIPHER_H_
#define DTLS13_TOOLS_BENCH_RAW_CIPHER_H_

#include <array>
#include <cstdint>
#include <span>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/traffic_keys.h"

namespace dtls13::bench {

// RawCipher is the least that sealing or opening one record takes of EVP: the AEAD and the block
// that masks the number. It ends the process where libcrypto fails.
class RawCipher {
 public:
  RawCipher(const Algorithms& algorithms, const CipherSuite& suite, const TrafficKeys& keys,
            bool seal);

  // Run seals or opens `data` in place under record `number`; `tag` has kAeadTagLen bytes.
  void Run(uint64_t number, std::span<const uint8_t> aad, std::span<uint8_t> data, uint8_t* tag);

 private:
  void Mask(const uint8_t* sample);

  bool seal_;
  bool chacha_;
  std::array<uint8_t, kAeadIvLen> iv_{};
  OpenSslPtr<EVP_CIPHER_CTX> aead_;
  OpenSslPtr<EVP_CIPHER_CTX> mask_;
};

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_RAW_CIPHER_H_
