// SPDX-License-Identifier: Apache-2.0
#include "provider/reason.h"

namespace dtls13::provider {
namespace {

OSSL_ITEM Item(Reason reason, const char* text) {
  return {static_cast<unsigned int>(reason), const_cast<char*>(text)};
}

}  // namespace

const OSSL_ITEM* ReasonStrings() {
  static const OSSL_ITEM kStrings[] = {
      Item(Reason::kSelfTestFailed, "self-test failed"),
      Item(Reason::kUnavailable, "not available under the property query"),
      Item(Reason::kInvalidMode, "invalid mode"),
      Item(Reason::kInvalidDigest, "invalid digest"),
      Item(Reason::kInvalidPrefix, "invalid prefix"),
      Item(Reason::kInvalidLabel, "invalid label"),
      Item(Reason::kInvalidData, "invalid data"),
      Item(Reason::kInvalidKeyLength, "invalid key length"),
      Item(Reason::kInvalidIvLength, "invalid IV length"),
      Item(Reason::kInvalidOutputLength, "invalid output length"),
      Item(Reason::kInvalidParameter, "invalid parameter"),
      Item(Reason::kNoKey, "no key"),
      Item(Reason::kKeyInUse, "key in use"),
      Item(Reason::kInvalidHeader, "invalid record header"),
      Item(Reason::kInvalidRecordLength, "invalid record length"),
      Item(Reason::kInvalidInnerPlaintext, "invalid inner plaintext"),
      Item(Reason::kSequenceNumber, "sequence number not to be used"),
      Item(Reason::kKeyLimit, "limit of the key reached"),
      Item(Reason::kNotAuthentic, "record does not authenticate"),
      Item(Reason::kLibcrypto, "libcrypto failed"),
      Item(Reason::kConfiguration, "invalid configuration"),
      {0, nullptr},
  };
  return kStrings;
}

}  // namespace dtls13::provider
