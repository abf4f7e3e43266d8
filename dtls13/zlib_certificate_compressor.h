// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ZLIB_CERTIFICATE_COMPRESSOR_H_
#define DTLS13_ZLIB_CERTIFICATE_COMPRESSOR_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/message/certificate_compressor.h"

namespace dtls13 {

// ZlibCertificateCompressor is RFC 8879's zlib (RFC 1950), by the system's zlib. It is a target of
// its own, so that only who wants it links zlib. Immutable and thread-safe.
class ZlibCertificateCompressor final : public CertificateCompressor {
 public:
  CertificateCompression algorithm() const override { return CertificateCompression::kZlib; }
  bool Compress(std::span<const uint8_t> in, std::vector<uint8_t>* out) const override;
  bool Decompress(std::span<const uint8_t> in, std::span<uint8_t> out) const override;
};

}  // namespace dtls13

#endif  // DTLS13_ZLIB_CERTIFICATE_COMPRESSOR_H_
