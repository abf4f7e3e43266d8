// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_COMPRESSED_CERTIFICATE_H_
#define DTLS13_MESSAGE_COMPRESSED_CERTIFICATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/certificate_compressor.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// CompressedCertificateView is a CompressedCertificate taken apart, RFC 8879 section 4: a view of
// the message. `uncompressed_len` is only what the peer says.
struct CompressedCertificateView {
  CertificateCompression algorithm{};
  size_t uncompressed_len = 0;
  std::span<const uint8_t> compressed;  // never empty
};

// ParseCompressedCertificate takes a whole body. Nothing (decode_error) when it is malformed or has
// trailing bytes.
std::optional<CompressedCertificateView> ParseCompressedCertificate(std::span<const uint8_t> body);

// DecompressCertificate puts the Certificate's body into `*out`. An algorithm that was not offered
// is illegal_parameter; a length over `max_len`, or other than what the content turns out to be,
// and content that does not decompress, are bad_certificate. Nothing is allocated for a length over
// the bound.
Status DecompressCertificate(const CertificateCompressors& offered, size_t max_len,
                             std::span<const uint8_t> body, std::vector<uint8_t>* out);

// CompressCertificate returns the CompressedCertificate's body for a Certificate's, by the first
// one of `ours` that `accepted` has. Empty when there is none, or nothing is gained.
std::vector<uint8_t> CompressCertificate(const CertificateCompressors& ours,
                                         std::span<const CertificateCompression> accepted,
                                         std::span<const uint8_t> certificate);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_COMPRESSED_CERTIFICATE_H_
