// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/program_file.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/dtls13/byte_source.h"

namespace dtls13::command {
namespace {

// The kernel's own limits (BINPRM_BUF_SIZE, and ELOOP after five).
constexpr uint64_t kMaxScriptLineLen = 256;
constexpr size_t kMaxInterpreters = 5;

// Why `file` cannot be executed: 0 where it can.
int ExecuteError(const std::string& file) {
  struct stat status;
  if (stat(file.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

absl::Status ExecuteFault(std::string_view name, int error) {
  const std::string text = absl::StrCat(std::string(name), ": ", std::strerror(error), ".");
  return error == ENOENT || error == ENOTDIR ? absl::NotFoundError(text)
                                             : absl::PermissionDeniedError(text);
}

// ScriptLine is what stands behind "#!", without the blanks around; empty for what is no script.
std::string ScriptLine(const std::string& file) {
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open(file);
  if (!bytes.ok()) return "";
  std::string text(std::min(bytes->size(), kMaxScriptLineLen), '\0');
  if (!bytes->ReadAt(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()}) ||
      !text.starts_with("#!")) {
    return "";
  }
  const std::string line = text.substr(2, text.find('\n') - 2);
  return std::string(absl::StripAsciiWhitespace(line));
}

}  // namespace

absl::StatusOr<std::string> FindProgram(std::string_view name, std::string_view path) {
  if (name.empty()) return ExecuteFault("''", ENOENT);
  if (name.find('/') != std::string_view::npos) {
    std::string file(name);
    if (const int error = ExecuteError(file); error != 0) return ExecuteFault(name, error);
    return file;
  }
  int fault = ENOENT;
  for (const std::string& folder :
       std::vector<std::string>(absl::StrSplit(std::string(path), ':'))) {
    std::string file = absl::StrCat(folder.empty() ? "." : folder, "/", std::string(name));
    const int error = ExecuteError(file);
    if (error == 0) return file;
    if (error == EACCES) fault = error;
  }
  if (fault == EACCES) return ExecuteFault(name, fault);
  return absl::NotFoundError(absl::StrCat(std::string(name), ": there is no such program."));
}

std::string SearchedFolders() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "/bin:/usr/bin" : path;
}

absl::StatusOr<std::vector<std::string>> Interpreters(const std::string& script,
                                                      std::string_view path) {
  std::vector<std::string> interpreters;
  std::string line = ScriptLine(script);
  while (!line.empty() && interpreters.size() < kMaxInterpreters) {
    const std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    std::string interpreter = words[0];
    // "env -S NAME" and "env NAME=VALUE NAME" are understood as far as their first word that is
    // neither.
    if (interpreter.ends_with("/env")) {
      for (size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with("-") || words[i].find('=') != std::string::npos) continue;
        absl::StatusOr<std::string> found = FindProgram(words[i], path);
        if (!found.ok()) return found.status();
        interpreter = *found;
        break;
      }
    }
    if (const int error = ExecuteError(interpreter); error != 0) {
      return ExecuteFault(interpreter, error);
    }
    interpreters.push_back(interpreter);
    line = ScriptLine(interpreter);
  }
  return interpreters;
}

absl::StatusOr<FileRights> ReadRights(const std::string& path) {
  struct stat status;
  struct statvfs system;
  if (stat(path.c_str(), &status) != 0 || statvfs(path.c_str(), &system) != 0) {
    return ExecuteFault(path, errno);
  }
  FileRights rights{status.st_mode, status.st_uid, status.st_gid};
  rights.has_capabilities = getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  rights.is_ignored =
      (system.f_flag & ST_NOSUID) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
  return rights;
}

std::string_view RightsGained(const FileRights& rights, uid_t uid, gid_t gid) {
  if (rights.is_ignored) return "";
  if ((rights.mode & S_ISUID) != 0 && rights.owner != uid) return "set-user-ID";
  // Without the group's right to execute the bit means a lock and nothing else.
  const bool is_set_group = (rights.mode & S_ISGID) != 0 && (rights.mode & S_IXGRP) != 0;
  if (is_set_group && rights.group != gid) return "set-group-ID";
  // Root has them already.
  if (rights.has_capabilities && uid != 0) return "file capabilities";
  return "";
}

}  // namespace dtls13::command
