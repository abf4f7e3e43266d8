// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_PROGRAM_FILE_H_
#define DTLS13_TOOLS_DTLS13_PROGRAM_FILE_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace dtls13::command {

// FindProgram returns the file that execvp would run for `name`; a name with a slash is one
// already. `path` is PATH's value. NotFound where there is no such program, PermissionDenied where
// it can't be executed; each is a sentence.
absl::StatusOr<std::string> FindProgram(std::string_view name, std::string_view path);

// SearchedFolders is PATH's value, or the system's own where the environment has none.
std::string SearchedFolders();

// Interpreters are what the kernel runs for a script in the end, each the interpreter of the one
// before it: the last is no script. Empty for what is none. `path` is PATH's value, for
// "/usr/bin/env NAME". NotFound for an interpreter that is not there.
absl::StatusOr<std::vector<std::string>> Interpreters(const std::string& script,
                                                      std::string_view path);

// FileRights are those of a file that may make whoever runs it somebody else.
struct FileRights {
  mode_t mode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  bool has_capabilities = false;
  // The file system or the process (no_new_privs) takes no notice of any of that.
  bool is_ignored = false;
};

// ReadRights reads those of the file `path`; the failure names it.
absl::StatusOr<FileRights> ReadRights(const std::string& path);

// RightsGained says by what the program gets more rights than the user `uid` of the group `gid`:
// "set-user-ID", "set-group-ID", "file capabilities", or empty where it gets none. Then ld.so takes
// no notice of LD_PRELOAD (AT_SECURE).
std::string_view RightsGained(const FileRights& rights, uid_t uid, gid_t gid);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_PROGRAM_FILE_H_
