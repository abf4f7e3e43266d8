// SPDX-License-Identifier: Apache-2.0
#include "dtls13/zlib_certificate_compressor.h"

#include <zlib.h>

#include <limits>

namespace dtls13 {
namespace {

// zlib counts what it is handed in an unsigned int; a handshake message is far shorter.
bool FitsZlib(size_t len) { return len <= std::numeric_limits<uInt>::max(); }

}  // namespace

bool ZlibCertificateCompressor::Compress(std::span<const uint8_t> in,
                                         std::vector<uint8_t>* out) const {
  if (!FitsZlib(in.size())) return false;
  uLongf len = compressBound(static_cast<uLong>(in.size()));
  out->resize(len);
  // A chain is compressed for every handshake, and is small: the best ratio costs little.
  if (compress2(out->data(), &len, in.data(), static_cast<uLong>(in.size()), Z_BEST_COMPRESSION) !=
      Z_OK) {
    return false;
  }
  out->resize(len);
  return true;
}

bool ZlibCertificateCompressor::Decompress(std::span<const uint8_t> in,
                                           std::span<uint8_t> out) const {
  z_stream stream = {};
  if (!FitsZlib(in.size()) || !FitsZlib(out.size()) || inflateInit(&stream) != Z_OK) return false;
  stream.next_in = const_cast<Bytef*>(in.data());  // zlib does not write to it
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  // Z_FINISH with room for exactly what was declared: more content is Z_BUF_ERROR, and inflate
  // keeps no more than its window of 32 KiB.
  const bool ended = inflate(&stream, Z_FINISH) == Z_STREAM_END;
  const bool exact = stream.avail_in == 0 && stream.avail_out == 0;
  inflateEnd(&stream);
  return ended && exact;
}

}  // namespace dtls13
