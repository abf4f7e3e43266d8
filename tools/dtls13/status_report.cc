// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/status_report.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "shim/libssl/status_layout.h"
#include "tools/dtls13/process_maps.h"

namespace dtls13::command {
namespace {

constexpr std::string_view kConnections = "connections";

// Of a text that has no end in its array there is all of it.
template <size_t len>
std::string TextOf(const char (&text)[len]) {
  std::string copy(text, strnlen(text, len));
  std::replace_if(
      copy.begin(), copy.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return copy;
}

absl::Status Unreadable() {
  return absl::InvalidArgumentError("its status is not one that this command can read.");
}

// What /proc calls a memory file.
std::string LinkOf() { return absl::StrCat("/memfd:", shim::kStatusName); }

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

// FindOpenFile is the path in /proc of the page that the process has open; empty where there is
// none, as daemons close what they have. `error` is 0 or why its files cannot be seen.
std::string FindOpenFile(const std::string& folder, int* error) {
  const std::string files = absl::StrCat(folder, "/fd");
  const std::unique_ptr<DIR, CloseFolder> entries(opendir(files.c_str()));
  *error = entries == nullptr ? errno : 0;
  if (entries == nullptr) return "";
  while (const dirent* entry = readdir(entries.get())) {
    std::string file = absl::StrCat(files, "/", entry->d_name);
    char target[PATH_MAX];
    const ssize_t len = readlink(file.c_str(), target, sizeof target);
    if (len > 0 && std::string_view(target, static_cast<size_t>(len)).starts_with(LinkOf())) {
      return file;
    }
  }
  return "";
}

// FindMappedFile is the same for a page whose file was closed. Only root may open what it names.
std::string FindMappedFile(const std::string& folder) {
  std::string maps;
  if (ReadProcFile(absl::StrCat(folder, "/maps"), &maps) != 0) return "";
  const size_t at = maps.find(LinkOf());
  if (at == std::string::npos) return "";
  const size_t newline = maps.rfind('\n', at);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  const std::string range = maps.substr(begin, maps.find(' ', begin) - begin);
  return absl::StrCat(folder, "/map_files/", range);
}

}  // namespace

absl::StatusOr<StatusReport> StatusReport::Read(const ByteSource& bytes) {
  shim::StatusHeader header;
  if (!bytes.ReadAt(0, {reinterpret_cast<uint8_t*>(&header), sizeof header}) ||
      std::memcmp(&header.magic, shim::kStatusMagic, sizeof header.magic) != 0 ||
      header.layout != shim::kStatusLayout || header.num_counters > shim::kMaxStatusCounters) {
    return Unreadable();
  }
  StatusReport report;
  report.version = TextOf(header.version);
  for (uint32_t i = 0; i < header.num_counters; ++i) {
    shim::StatusCounter counter;
    const uint64_t at = sizeof header + i * sizeof counter;
    if (!bytes.ReadAt(at, {reinterpret_cast<uint8_t*>(&counter), sizeof counter})) {
      return Unreadable();
    }
    report.counters.push_back({TextOf(counter.group), TextOf(counter.name), counter.value});
  }
  return report;
}

std::vector<std::string> StatusReport::Lines() const {
  std::vector<std::string> lines;
  std::optional<std::string> group;
  bool is_empty = true;
  for (const Counter& counter : counters) {
    if (counter.group != group) {
      if (group && is_empty) lines.back() += "none";
      group = counter.group;
      is_empty = true;
      lines.push_back(absl::StrCat(counter.group, ":"));
      lines.back().resize(std::max<size_t>(lines.back().size() + 1, 13), ' ');
    }
    if (counter.value == 0 && counter.group != kConnections) continue;
    absl::StrAppend(&lines.back(), is_empty ? "" : ", ", counter.name, " ", counter.value);
    is_empty = false;
  }
  if (group && is_empty) lines.back() += "none";
  return lines;
}

absl::StatusOr<FileBytes> OpenStatus(pid_t pid) {
  const std::string folder = absl::StrCat("/proc/", pid);
  int error = 0;
  std::string file = FindOpenFile(folder, &error);
  if (error == ENOENT || error == ESRCH) {
    return absl::NotFoundError(absl::StrCat("there is no process ", pid, "."));
  }
  if (error != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat("process ", pid, " cannot be read: ", std::strerror(error), "."));
  }
  if (file.empty()) file = FindMappedFile(folder);
  if (file.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("process ", pid,
                     " tells no status: it was started without `dtls13 run --status`, or has not "
                     "used DTLS so far."));
  }
  return FileBytes::Open(file);
}

}  // namespace dtls13::command
