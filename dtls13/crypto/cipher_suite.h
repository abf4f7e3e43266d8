// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_CIPHER_SUITE_H_
#define DTLS13_CRYPTO_CIPHER_SUITE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "dtls13/crypto/hash.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

inline constexpr size_t kAeadIvLen = 12;
inline constexpr size_t kAeadTagLen = 16;

// CipherSuite is what RFC 8446 appendix B.4 and RFC 9147 section 4.5.3 say of one suite. Lengths in
// bytes, limits in records per key. Entries are static: pointers to them stay valid.
struct CipherSuite {
  CipherSuiteId id;
  const char* name;  // "TLS_AES_128_GCM_SHA256"
  HashId hash;
  size_t hash_len;
  size_t key_len;  // of the record key and of the record number key
  size_t iv_len;   // kAeadIvLen
  size_t tag_len;  // kAeadTagLen
  // Records that may be sealed under one key, RFC 8446 section 5.5.
  uint64_t confidentiality_limit;
  // Records that may fail to open under one key, RFC 9147 section 4.5.3.
  uint64_t integrity_limit;
};

// 2^24.5 full-size records keep AES-GCM's margin at 2^-57.
inline constexpr uint64_t kGcmConfidentialityLimit = 23726566;
// ChaCha20-Poly1305 has no limit below the record numbers' own; this one is never reached.
inline constexpr uint64_t kNoConfidentialityLimit = uint64_t{1} << 62;
inline constexpr uint64_t kIntegrityLimit = uint64_t{1} << 36;

//= rfc9147#section-4.5.3
//# Therefore, TLS_AES_128_CCM_8_SHA256 MUST NOT be used in DTLS without
//# additional safeguards against forgery.
//= rfc8446#section-9.1
//# MUST implement the TLS_AES_128_GCM_SHA256 [GCM] cipher suite and
//# SHOULD implement the TLS_AES_256_GCM_SHA384 [GCM] and
//# TLS_CHACHA20_POLY1305_SHA256 [RFC8439] cipher suites
//= rfc8446#section-5.2
//# An AEAD algorithm used in TLS 1.3 MUST NOT produce an expansion
//# greater than 255 octets.
//= rfc8446#section-5.3
//# An AEAD algorithm where N_MAX is less than 8 bytes MUST NOT be used
//# with TLS.
inline constexpr std::array<CipherSuite, 3> kCipherSuites = {{
    {CipherSuiteId::kAes128GcmSha256, "TLS_AES_128_GCM_SHA256", HashId::kSha256, 32, 16, kAeadIvLen,
     kAeadTagLen, kGcmConfidentialityLimit, kIntegrityLimit},
    {CipherSuiteId::kAes256GcmSha384, "TLS_AES_256_GCM_SHA384", HashId::kSha384, 48, 32, kAeadIvLen,
     kAeadTagLen, kGcmConfidentialityLimit, kIntegrityLimit},
    {CipherSuiteId::kChaCha20Poly1305Sha256, "TLS_CHACHA20_POLY1305_SHA256", HashId::kSha256, 32,
     32, kAeadIvLen, kAeadTagLen, kNoConfidentialityLimit, kIntegrityLimit},
}};

// FindCipherSuite returns null for a suite that this library does not know. Whether libcrypto can
// do it is Algorithms::Supports.
constexpr const CipherSuite* FindCipherSuite(CipherSuiteId id) {
  for (const CipherSuite& suite : kCipherSuites) {
    if (suite.id == id) return &suite;
  }
  return nullptr;
}

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_CIPHER_SUITE_H_
