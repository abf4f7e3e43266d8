// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_COMPRESSOR_H_
#define DTLS13_MESSAGE_CERTIFICATE_COMPRESSOR_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// CertificateCompressor is one algorithm of RFC 8879. Immutable and thread-safe; shared by many
// associations. It does not know what it compresses.
class CertificateCompressor {
 public:
  virtual ~CertificateCompressor() = default;

  virtual CertificateCompression algorithm() const = 0;
  // Compress replaces `*out`. False when it fails: the message then goes as it is.
  [[nodiscard]] virtual bool Compress(std::span<const uint8_t> in,
                                      std::vector<uint8_t>* out) const = 0;
  // Decompress fills all of `out`. False when `in` is malformed, holds fewer or more bytes than
  // that, or has anything behind it. It must not write, or allocate for, more than out.size().
  [[nodiscard]] virtual bool Decompress(std::span<const uint8_t> in,
                                        std::span<uint8_t> out) const = 0;
};

// CertificateCompressors are one side's, most wanted first.
using CertificateCompressors = std::vector<std::shared_ptr<const CertificateCompressor>>;

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_COMPRESSOR_H_
