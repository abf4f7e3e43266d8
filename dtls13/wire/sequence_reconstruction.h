// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_SEQUENCE_RECONSTRUCTION_H_
#define DTLS13_WIRE_SEQUENCE_RECONSTRUCTION_H_

#include <cstdint>

#include "dtls13/wire/record_number.h"

namespace dtls13 {

// ReconstructSequenceNumber returns the full number that ends in `truncated` and is closest to
// `expected`, one plus the highest number deprotected in the epoch, RFC 9147 section 4.2.2. Of two
// equally close, the higher: a gap is likelier than a record so late. Never below 0 nor past
// 2^64-1.
//= rfc9147#section-4.2.2
//# This section provides an algorithm which is comparatively simple and
//# which implementations are RECOMMENDED to follow.
constexpr SequenceNumber ReconstructSequenceNumber(TruncatedSequenceNumber truncated,
                                                   SequenceNumber expected) {
  //= rfc9147#section-4.2.2
  //# If the epoch bits match those of the current epoch, then
  //# implementations SHOULD reconstruct the sequence number by computing
  //# the full sequence number which is numerically closest to one plus the
  //# sequence number of the highest successfully deprotected record in the
  //# current epoch.
  const uint64_t span = uint64_t{1} << truncated.num_bits;
  // The low bits of the distance from `expected` forward to the candidate at or after it.
  const uint64_t forward = (truncated.value - expected.value) & (span - 1);
  const bool forward_exists = forward <= UINT64_MAX - expected.value;
  const uint64_t backward = span - forward;
  const bool backward_exists = backward <= expected.value;
  if (forward_exists && (forward <= backward || !backward_exists)) {
    return SequenceNumber{expected.value + forward};
  }
  return SequenceNumber{expected.value - backward};
}

}  // namespace dtls13

#endif  // DTLS13_WIRE_SEQUENCE_RECONSTRUCTION_H_
