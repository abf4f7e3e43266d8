#include "dtls13/handshake/local_certificate.h"

#include <utility>

#include "dtls13/message/certificate.h"
#include "dtls13/message/compressed_certificate.h"

namespace dtls13 {

LocalCertificate BuildLocalCertificate(const HandshakeConfig& config,
                                       std::span<const uint8_t> context,
                                       const Credential* credential,
                                       const CertificateWishes& wishes) {
  if (credential == nullptr) return {.body = SerializeCertificate(context, /*chain=*/{})};
  std::vector<CertificateStaple> staples = credential->staples;
  for (CertificateStaple& staple : staples) {
    if (!wishes.ocsp) staple.ocsp_response.clear();
    if (!wishes.sct) staple.sct_list.clear();
  }
  std::vector<uint8_t> body = SerializeCertificate(context, credential->chain, staples);
  //= rfc8879#section-4
  //# If the peer has indicated that it supports compression, server and
  //# client MAY compress their corresponding Certificate messages
  //# (Section 4.4.2 of [RFC8446]) and send them in the form of the
  //# CompressedCertificate message (replacing the Certificate message).
  std::vector<uint8_t> compressed =
      CompressCertificate(config.certificate_compressors, wishes.compression, body);
  if (compressed.empty()) return {.body = std::move(body)};
  return {.type = HandshakeType::kCompressedCertificate, .body = std::move(compressed)};
}

}  // namespace dtls13
