// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/compressed_certificate.h"

#include <algorithm>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

Status BadCompression() {
  return Status::Fatal(Reason::kBadCompression, AlertDescription::kBadCertificate);
}

}  // namespace

//      struct {
//           CertificateCompressionAlgorithm algorithm;
//           uint24 uncompressed_length;
//           opaque compressed_certificate_message<1..2^24-1>;
//      } CompressedCertificate;
std::optional<CompressedCertificateView> ParseCompressedCertificate(std::span<const uint8_t> body) {
  ByteReader reader(body);
  uint16_t algorithm;
  uint32_t len;
  CompressedCertificateView view;
  if (!reader.ReadU16(&algorithm) || !reader.ReadU24(&len) ||
      !reader.ReadVector24(&view.compressed) || !reader.empty() || view.compressed.empty()) {
    return std::nullopt;
  }
  view.algorithm = static_cast<CertificateCompression>(algorithm);
  view.uncompressed_len = len;
  return view;
}

Status DecompressCertificate(const CertificateCompressors& offered, size_t max_len,
                             std::span<const uint8_t> body, std::vector<uint8_t>* out) {
  const auto message = ParseCompressedCertificate(body);
  if (!message.has_value()) return DecodeError();
  //= rfc8879#section-4
  //# The
  //# algorithm MUST be one of the algorithms listed in the peer's
  //# compress_certificate extension.
  const auto compressor = std::find_if(offered.begin(), offered.end(), [&](const auto& candidate) {
    return candidate->algorithm() == message->algorithm;
  });
  if (compressor == offered.end()) return IllegalParameter(Reason::kBadCompression);
  //= rfc8879#section-5
  //# TLS framing imposes a 16777216-byte limit on the
  //# certificate message size, and implementations MAY impose a limit that
  //# is lower than that; in both cases, they MUST apply the same limit as
  //# if no compression were used.
  if (message->uncompressed_len > max_len) return BadCompression();
  out->resize(message->uncompressed_len);
  //= rfc8879#section-4
  //# If, after decompression, the specified length
  //# does not match the actual length, the party receiving the invalid
  //# message MUST abort the connection with the "bad_certificate"
  //# alert.
  //= rfc8879#section-4
  //# If the received CompressedCertificate message cannot be decompressed,
  //# the connection MUST be terminated with the "bad_certificate" alert.
  if (!(*compressor)->Decompress(message->compressed, *out)) return BadCompression();
  return Status::Ok();
}

std::vector<uint8_t> CompressCertificate(const CertificateCompressors& ours,
                                         std::span<const CertificateCompression> accepted,
                                         std::span<const uint8_t> certificate) {
  for (const auto& compressor : ours) {
    if (std::find(accepted.begin(), accepted.end(), compressor->algorithm()) == accepted.end()) {
      continue;
    }
    std::vector<uint8_t> compressed;
    if (!compressor->Compress(certificate, &compressed) || compressed.empty()) return {};
    std::vector<uint8_t> body;
    ByteWriter writer(&body);
    writer.WriteU16(static_cast<uint16_t>(compressor->algorithm()));
    writer.WriteU24(static_cast<uint32_t>(certificate.size()));
    writer.WriteVector24(compressed);
    if (!writer.ok() || body.size() >= certificate.size()) return {};
    return body;
  }
  return {};
}

}  // namespace dtls13
