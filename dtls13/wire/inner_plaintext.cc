// SPDX-License-Identifier: Apache-2.0
#include "dtls13/wire/inner_plaintext.h"

#include "dtls13/wire/record_header.h"

namespace dtls13 {

std::optional<InnerPlaintext> ParseInnerPlaintext(std::span<uint8_t> serialized,
                                                  const WireProfile& profile) {
  size_t len = serialized.size();
  //= rfc8446#section-5.4
  //# Implementations MUST limit their scanning to the cleartext returned
  //# from the AEAD decryption.
  while (len > 0 && serialized[len - 1] == 0) --len;
  if (len == 0 || len - 1 > kMaxPlaintextLen) return std::nullopt;
  const ContentType type = ContentTypeOf(serialized[len - 1], profile);
  // heartbeat, which figure 5 of RFC 9147 still lists, is not negotiable in TLS 1.3.
  switch (type) {
    case ContentType::kAlert:
    case ContentType::kHandshake:
    case ContentType::kApplicationData:
    case ContentType::kAck:
    case ContentType::kReturnRoutabilityCheck:
      return InnerPlaintext{type, serialized.first(len - 1)};
    default:
      return std::nullopt;
  }
}

}  // namespace dtls13
