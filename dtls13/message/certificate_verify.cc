// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_verify.h"

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

//      struct {
//          SignatureScheme algorithm;
//          opaque signature<0..2^16-1>;
//      } CertificateVerify;
std::optional<CertificateVerifyView> ParseCertificateVerify(std::span<const uint8_t> body) {
  ByteReader reader(body);
  uint16_t algorithm;
  CertificateVerifyView verify;
  if (!reader.ReadU16(&algorithm) || !reader.ReadVector16(&verify.signature) || !reader.empty()) {
    return std::nullopt;
  }
  verify.algorithm = static_cast<SignatureScheme>(algorithm);
  return verify;
}

std::vector<uint8_t> SerializeCertificateVerify(SignatureScheme algorithm,
                                                std::span<const uint8_t> signature) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  writer.WriteU16(static_cast<uint16_t>(algorithm));
  writer.WriteVector16(signature);
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
