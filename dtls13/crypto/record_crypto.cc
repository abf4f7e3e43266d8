// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/record_crypto.h"

namespace dtls13 {

std::optional<RecordCrypto> RecordCryptoOfName(std::string_view name) {
  if (name == "libcrypto") return RecordCrypto::kLibcrypto;
  if (name == "ipsec-mb") return RecordCrypto::kIpsecMb;
  return std::nullopt;
}

std::string_view Describe(RecordCryptoStatus status) {
  switch (status) {
    case RecordCryptoStatus::kLibcrypto:
      return "libcrypto";
    case RecordCryptoStatus::kIpsecMb:
      return "libipsec-mb";
    case RecordCryptoStatus::kNotInstalled:
      return "libcrypto: no libipsec-mb";
    case RecordCryptoStatus::kProcessor:
      return "libcrypto: not on this processor";
    case RecordCryptoStatus::kPropertyQuery:
      return "libcrypto: property query";
    case RecordCryptoStatus::kProvider:
      return "libcrypto: FIPS or other provider";
    case RecordCryptoStatus::kAnswers:
      return "libcrypto: libipsec-mb is wrong";
  }
  return "";
}

}  // namespace dtls13
