// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_STATUS_REPORT_H_
#define DTLS13_TOOLS_DTLS13_STATUS_REPORT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dtls13/byte_source.h"

namespace dtls13::command {

// StatusReport is what a process tells of its connections (shim/libssl/status_layout.h). It does
// not know what the counters mean: they have their names with them.
struct StatusReport {
  struct Counter {
    std::string group;
    std::string name;
    uint64_t value = 0;
  };

  std::string version;  // the library's
  std::vector<Counter> counters;

  // Read reads the page of a process, which may have written anything into it: characters that are
  // not printable are "?". InvalidArgument for what is no such page.
  static absl::StatusOr<StatusReport> Read(const ByteSource& bytes);

  // Lines has one line for each group: its counters that are not 0, but of connections all.
  std::vector<std::string> Lines() const;
};

// OpenStatus opens the page of the process `pid`. NotFound where there is no such process,
// PermissionDenied where it is another user's, FailedPrecondition where it has no page; each is a
// sentence.
absl::StatusOr<FileBytes> OpenStatus(pid_t pid);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_STATUS_REPORT_H_
