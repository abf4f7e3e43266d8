// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_PROCESS_MAPS_H_
#define DTLS13_TOOLS_DTLS13_PROCESS_MAPS_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace dtls13::command {

// CodeFiles takes from the text of a /proc/PID/maps the files that have code in the process, each
// once and in their order; one that was deleted since has " (deleted)" behind its name, as there.
std::vector<std::string> CodeFiles(std::string_view maps);

// Environment takes the text of a /proc/PID/environ apart; of two of a name the first one counts.
std::map<std::string, std::string> Environment(std::string_view environ);

// IsSecure says whether an auxiliary vector has a true AT_SECURE: ld.so took no notice of
// LD_PRELOAD.
bool IsSecure(std::string_view auxiliary_vector);

// ProcessView is what /proc shows of a running process.
struct ProcessView {
  std::string program;                  // its file
  std::string root;                     // the folder in which its paths are read
  std::vector<std::string> code_files;  // CodeFiles
  std::string ld_preload;               // as it was started with; so are these
  std::string options;                  // DTLS13_OPTIONS
  bool is_secure = false;

  // Read reads that of the process `pid`. NotFound where there is no such process,
  // PermissionDenied where it is another user's; each is a sentence.
  static absl::StatusOr<ProcessView> Read(pid_t pid);
};

// ParsePid reads the number of a process; nothing for what is none.
std::optional<pid_t> ParsePid(std::string_view text);

// ReadProcFile reads a file of /proc, which has no size, up to 16 MiB. Returns 0, or what errno
// says.
int ReadProcFile(const std::string& path, std::string* text);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_PROCESS_MAPS_H_
