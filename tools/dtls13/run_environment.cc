// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/run_environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shim/libssl/policy.h"

namespace dtls13::command {
namespace {

constexpr cli::OptionSpec kSpecs[] = {
    {"override-pins", "", "speak DTLS 1.3 where the program pins an older version"},
    {"min-version", "V", "no older version: DTLSv1, DTLSv1.2 or DTLSv1.3"},
    {"max-version", "V", "no newer version: DTLSv1, DTLSv1.2 or DTLSv1.3"},
    {"mtu", "N", "the most bytes of a DTLS 1.3 datagram"},
    {"key-log", "FILE", "append the secrets of DTLS 1.3 connections to FILE"},
    {"status", "", "let `dtls13 status` see the program's connections"},
    {"library", "FILE", "the library, where it is not beside this command"},
    {"force", "", "run a program that the library cannot be preloaded into"},
};

bool IsSameFile(const std::string& a, const std::string& b) {
  struct stat of_a, of_b;
  return stat(a.c_str(), &of_a) == 0 && stat(b.c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
         of_a.st_ino == of_b.st_ino;
}

// A program may change its folder, and the library opens the file late: whether it can be written
// to is asked now.
absl::StatusOr<std::string> KeyLogFile(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  if (file.empty() || error) return file;
  const bool is_there = std::filesystem::exists(path, error);
  const std::filesystem::path wanted = is_there ? path : path.parent_path();
  if (is_there && std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat("--key-log: ", file, " is a folder."));
  }
  if (access(wanted.c_str(), is_there ? W_OK : W_OK | X_OK) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--key-log: ", file, " cannot be written: ", std::strerror(errno), "."));
  }
  return path.string();
}

}  // namespace

std::span<const cli::OptionSpec> RunOptions() { return kSpecs; }

std::string PreloadValue(std::string_view preload, const std::string& library) {
  std::string text(preload);
  for (const std::string& file :
       std::vector<std::string>(absl::StrSplit(text, absl::ByAnyChar(": "), absl::SkipEmpty()))) {
    if (file == library || IsSameFile(file, library)) return text;
  }
  return text.empty() ? library : absl::StrCat(text, ":", library);
}

absl::StatusOr<std::string> PolicyOptions(const cli::Options& options) {
  constexpr struct {
    std::string_view option;
    std::string_view key;
  } kKeys[] = {{"override-pins", "override_pins"},
               {"min-version", "min_version"},
               {"max-version", "max_version"},
               {"mtu", "mtu"},
               {"key-log", "key_log"},
               {"status", "status"}};
  std::string text;
  for (const auto& [option, key] : kKeys) {
    if (!options.Has(option)) continue;
    std::string value = options.GetString(option, "");
    if (option == "override-pins" || option == "status") value = "yes";
    if (option == "key-log") {
      absl::StatusOr<std::string> file = KeyLogFile(value);
      if (!file.ok()) return file.status();
      value = *std::move(file);
    }
    shim::Policy policy;
    std::string fault = shim::SetPolicy(key, value, &policy);
    // Nothing quotes a comma there.
    if (fault.empty() && value.find(',') != std::string::npos) {
      fault = absl::StrCat(std::string(key), " takes no value with a comma, not '", value, "'");
    }
    if (!fault.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("--", std::string(option), ": ", fault, "."));
    }
    absl::StrAppend(&text, text.empty() ? "" : ",", std::string(key), "=", value);
  }
  return text;
}

absl::StatusOr<std::string> OptionsValue(std::string_view options, std::string_view ours) {
  std::string text(options);
  if (!ours.empty()) absl::StrAppend(&text, text.empty() ? "" : ",", std::string(ours));
  shim::Policy policy;
  // What the library skips it names itself, once it reads them.
  shim::ReadPolicy(text, &policy);
  if (!policy.AllowsAny()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "min_version is newer than max_version, which leaves no version: ", text, "."));
  }
  return text;
}

}  // namespace dtls13::command
