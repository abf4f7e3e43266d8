// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/process_maps.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::command {
namespace {

constexpr size_t kMaxProcFileLen = 16 << 20;
// The kernel allows a process 65530 mappings.
constexpr size_t kMaxCodeFiles = 4096;
constexpr size_t kNumFieldsBeforePath = 5;

// TakeUntil takes what stands before the next `separator` off `text`, and that too.
std::string_view TakeUntil(char separator, std::string_view* text) {
  const std::string_view taken = text->substr(0, text->find(separator));
  text->remove_prefix(std::min(text->size(), taken.size() + 1));
  return taken;
}

absl::Status ProcessFault(pid_t pid, int error) {
  if (error == ENOENT || error == ESRCH) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid, "."));
  }
  return absl::PermissionDeniedError(
      absl::StrCat("process ", pid, " cannot be read: ", std::strerror(error), "."));
}

}  // namespace

std::vector<std::string> CodeFiles(std::string_view maps) {
  std::vector<std::string> files;
  while (!maps.empty() && files.size() < kMaxCodeFiles) {
    // "7f12-7f34 r-xp 00001000 08:01 1234      /lib/x.so"; the path may have blanks.
    std::string_view line = TakeUntil('\n', &maps);
    std::string_view permissions;
    for (size_t i = 0; i < kNumFieldsBeforePath; ++i) {
      const std::string_view field = TakeUntil(' ', &line);
      if (i == 1) permissions = field;
      while (line.starts_with(' ')) line.remove_prefix(1);
    }
    if (permissions.find('x') == std::string_view::npos || !line.starts_with('/')) continue;
    if (std::find(files.begin(), files.end(), line) == files.end()) files.emplace_back(line);
  }
  return files;
}

std::map<std::string, std::string> Environment(std::string_view environ) {
  std::map<std::string, std::string> values;
  while (!environ.empty()) {
    std::string_view value = TakeUntil('\0', &environ);
    const std::string_view name = TakeUntil('=', &value);
    values.emplace(name, value);
  }
  return values;
}

bool IsSecure(std::string_view auxiliary_vector) {
  Elf64_auxv_t entry;
  for (; auxiliary_vector.size() >= sizeof entry; auxiliary_vector.remove_prefix(sizeof entry)) {
    std::memcpy(&entry, auxiliary_vector.data(), sizeof entry);
    if (entry.a_type == AT_SECURE) return entry.a_un.a_val != 0;
  }
  return false;
}

absl::StatusOr<ProcessView> ProcessView::Read(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid);
  char program[PATH_MAX];
  const ssize_t program_len = readlink(absl::StrCat(folder, "/exe").c_str(), program, PATH_MAX);
  if (program_len < 0) return ProcessFault(pid, errno);
  std::string texts[3];
  constexpr const char* kFiles[] = {"/maps", "/environ", "/auxv"};
  for (size_t i = 0; i < std::size(kFiles); ++i) {
    const int error = ReadProcFile(absl::StrCat(folder, kFiles[i]), &texts[i]);
    if (error != 0) return ProcessFault(pid, error);
  }
  ProcessView view;
  view.program.assign(program, static_cast<size_t>(program_len));
  view.root = absl::StrCat(folder, "/root");
  view.code_files = CodeFiles(texts[0]);
  std::map<std::string, std::string> environment = Environment(texts[1]);
  view.ld_preload = environment["LD_PRELOAD"];
  view.options = environment["DTLS13_OPTIONS"];
  view.is_secure = IsSecure(texts[2]);
  return view;
}

std::optional<pid_t> ParsePid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc() || end != text.data() + text.size() || pid <= 0) return {};
  return pid;
}

int ReadProcFile(const std::string& path, std::string* text) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  char piece[1 << 16];
  ssize_t len = 0;
  while (text->size() < kMaxProcFileLen && (len = read(file, piece, sizeof piece)) > 0) {
    text->append(piece, static_cast<size_t>(len));
  }
  const int error = len < 0 ? errno : 0;
  close(file);
  return error;
}

}  // namespace dtls13::command
