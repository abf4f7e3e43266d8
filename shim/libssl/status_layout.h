// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_STATUS_LAYOUT_H_
#define DTLS13_SHIM_LIBSSL_STATUS_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace dtls13::shim {

// The page in which a process tells of its connections, as `dtls13 status` reads it: a header and
// counters, each with its name, so that a reader shows those of another version of the library too.
// It is a memory file of this name, which the process keeps open: what /proc shows of it is for
// whoever may read the process's memory, and for nobody else.
inline constexpr char kStatusName[] = "dtls13-status";

struct StatusHeader {
  uint64_t magic;  // the bytes of kStatusMagic, without its end
  uint32_t layout;
  uint32_t num_counters;
  char version[32];  // the library's
  uint64_t unused[2];
};

// A text has its end within its array.
struct StatusCounter {
  char group[16];
  char name[40];
  uint64_t value;
};

inline constexpr char kStatusMagic[] = "DTLS13ST";
inline constexpr uint32_t kStatusLayout = 1;
// One page of the smallest size.
inline constexpr size_t kStatusLen = 4096;
inline constexpr size_t kMaxStatusCounters =
    (kStatusLen - sizeof(StatusHeader)) / sizeof(StatusCounter);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_STATUS_LAYOUT_H_
