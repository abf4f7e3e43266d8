// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_REASON_H_
#define DTLS13_PROVIDER_REASON_H_

#include <openssl/core.h>

#include <cstdint>

namespace dtls13::provider {

// Reason is what an error of the provider's is about, as ERR_GET_REASON returns it. Numbers are not
// used again for another meaning.
enum class Reason : uint32_t {
  kSelfTestFailed = 1,
  kUnavailable = 2,  // the property query leaves no implementation
  kInvalidMode = 3,  // of the KDF
  kInvalidDigest = 4,
  kInvalidPrefix = 5,
  kInvalidLabel = 6,
  kInvalidData = 7,  // the context of HKDF-Expand-Label
  kInvalidKeyLength = 8,
  kInvalidIvLength = 9,
  kInvalidOutputLength = 10,
  kInvalidParameter = 11,  // of a wrong type, out of range, or not for this algorithm
  kNoKey = 12,             // used before it was keyed
  kKeyInUse = 13,          // a key is for one direction and one IV
  kInvalidHeader = 14,
  kInvalidRecordLength = 15,
  kInvalidInnerPlaintext = 16,
  kSequenceNumber = 17,  // used before, or used up
  kKeyLimit = 18,        // of records or of failures, RFC 9147 section 4.5.3
  kNotAuthentic = 19,
  kLibcrypto = 20,  // its own reason is on the error queue too
  kConfiguration = 21,
};

// ReasonStrings is the list that OSSL_FUNC_PROVIDER_GET_REASON_STRINGS returns. Static.
const OSSL_ITEM* ReasonStrings();

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_REASON_H_
