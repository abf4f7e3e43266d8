// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/command.h"
#include "tools/dtls13/diagnosis.h"
#include "tools/dtls13/elf_file.h"
#include "tools/dtls13/library_file.h"
#include "tools/dtls13/program_file.h"
#include "tools/dtls13/run_environment.h"

namespace dtls13::command {
namespace {

constexpr char kName[] = "run";
constexpr char kPreload[] = "LD_PRELOAD";
constexpr char kOptions[] = "DTLS13_OPTIONS";

// As shells have them.
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;

constexpr char kDetails[] =
    "LD_PRELOAD and DTLS13_OPTIONS of the environment are kept; these options count before "
    "theirs.\n"
    "Exit codes: PROGRAM's; 1 without the library, or where PROGRAM cannot have it; 2 for a wrong\n"
    "option; 126 for a PROGRAM that cannot be executed; 127 for none.\n";

const char* Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// What LD_PRELOAD would do nothing for, in a sentence; OK where it does.
absl::Status CheckProgram(const std::string& program, const std::string& path) {
  const absl::StatusOr<std::vector<std::string>> interpreters = Interpreters(program, path);
  // The kernel says it again, with its own words.
  if (!interpreters.ok()) return absl::OkStatus();
  const std::string file = interpreters->empty() ? program : interpreters->back();
  const absl::StatusOr<FileBytes> bytes = FileBytes::Open(file);
  // A program that may be executed and not read is run as it is.
  if (!bytes.ok()) return absl::OkStatus();
  const absl::StatusOr<ElfFile> elf = ElfFile::Read(*bytes);
  const absl::StatusOr<FileRights> rights = ReadRights(file);
  if (!elf.ok() || !rights.ok()) return absl::OkStatus();
  const std::string reason = NoPreload(elf->start(), RightsGained(*rights, getuid(), getgid()));
  if (reason.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(file, " cannot have the library: ", reason, "; --force runs it all the same."));
}

int Execute(const std::string& program, std::span<const char* const> operands) {
  std::vector<char*> arguments;
  for (const char* operand : operands) arguments.push_back(const_cast<char*>(operand));
  arguments.push_back(nullptr);
  // The name has a slash, so that nothing is searched; text without "#!" is the shell's, as ever.
  execvp(program.c_str(), arguments.data());
  const int error = errno;
  return Say(kName, absl::StrCat(program, ": ", std::strerror(error), "."),
             error == ENOENT ? kNotFound : kCannotExecute);
}

int Run(const cli::Options& options, std::span<const char* const> operands) {
  if (operands.empty()) return Say(kName, "needs a program to run.", kUsage);
  const absl::StatusOr<std::string> ours = PolicyOptions(options);
  if (!ours.ok()) return Say(kName, ours.status(), kUsage);
  const absl::StatusOr<std::string> policy = OptionsValue(Variable(kOptions), *ours);
  if (!policy.ok()) return Say(kName, policy.status(), kUsage);
  const std::string path = SearchedFolders();
  const absl::StatusOr<std::string> program = FindProgram(operands[0], path);
  if (!program.ok()) {
    return Say(kName, program.status(),
               absl::IsNotFound(program.status()) ? kNotFound : kCannotExecute);
  }
  const absl::StatusOr<std::string> library = FindLibrary(options.GetString("library", ""));
  if (!library.ok()) return Say(kName, library.status(), kFailed);
  if (const absl::Status fit = CheckProgram(*program, path); !fit.ok() && !options.Has("force")) {
    return Say(kName, fit, kFailed);
  }
  setenv(kPreload, PreloadValue(Variable(kPreload), *library).c_str(), 1);
  if (!policy->empty()) setenv(kOptions, policy->c_str(), 1);
  return Execute(*program, operands);
}

}  // namespace

const Command& RunCommand() {
  static const Command kCommand = {kName,
                                   "[--] PROGRAM [ARGUMENTS]",
                                   "start a program with the library before its libssl",
                                   kDetails,
                                   RunOptions(),
                                   Run};
  return kCommand;
}

}  // namespace dtls13::command
