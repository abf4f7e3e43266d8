// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_DEADLINE_CODEC_H_
#define DTLS13_ASSOCIATION_DEADLINE_CODEC_H_

#include <algorithm>
#include <cstdint>
#include <optional>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// An exported association's deadlines are carried as the microseconds left until then, for the
// clocks of two processes differ; UINT64_MAX is none.
inline constexpr uint64_t kNoDeadline = UINT64_MAX;

inline void WriteDeadline(ByteWriter* writer, std::optional<Instant> deadline, Instant now) {
  writer->WriteU64(deadline ? static_cast<uint64_t>(std::max(*deadline - now, Duration(0)).count())
                            : kNoDeadline);
}

// ReadDeadline puts no deadline further ahead of `now` than `most`. False when there is none to
// read.
[[nodiscard]] inline bool ReadDeadline(ByteReader* reader, Duration most, Instant now,
                                       std::optional<Instant>* deadline) {
  uint64_t left = 0;
  if (!reader->ReadU64(&left)) return false;
  deadline->reset();
  if (left == kNoDeadline) return true;
  const auto bound = static_cast<uint64_t>(most.count());
  *deadline = now + Duration(static_cast<Duration::rep>(std::min(left, bound)));
  return true;
}

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_DEADLINE_CODEC_H_
