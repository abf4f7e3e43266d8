// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_RECORD_CIPHER_H_
#define DTLS13_PROVIDER_RECORD_CIPHER_H_

#include <openssl/core.h>

#include <span>

namespace dtls13::provider {

// The parameters of a record cipher's EVP_CIPHER_CTX; docs/provider.md has their meaning.
inline constexpr char kParamConnectionIdLen[] = "connection-id-length";
inline constexpr char kParamNextSequenceNumber[] = "next-sequence-number";
inline constexpr char kParamMaxRecords[] = "max-records";
inline constexpr char kParamMaxFailures[] = "max-failures";
inline constexpr char kParamSequenceNumber[] = "sequence-number";
inline constexpr char kParamHeaderLen[] = "header-length";
inline constexpr char kParamContentLen[] = "content-length";
inline constexpr char kParamContentType[] = "content-type";

// RecordCipherAlgorithms are DTLS13-AES-128-GCM, DTLS13-AES-256-GCM and DTLS13-CHACHA20-POLY1305 of
// OSSL_OP_CIPHER: the protection of whole records, RFC 9147 section 4. Static.
std::span<const OSSL_ALGORITHM> RecordCipherAlgorithms();

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_RECORD_CIPHER_H_
