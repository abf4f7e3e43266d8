// SPDX-License-Identifier: Apache-2.0
#include <sys/types.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/dtls13/command.h"
#include "tools/dtls13/diagnosis.h"
#include "tools/dtls13/library_search.h"
#include "tools/dtls13/object_tree.h"
#include "tools/dtls13/process_maps.h"
#include "tools/dtls13/program_file.h"

namespace dtls13::command {
namespace {

constexpr char kName[] = "doctor";
constexpr int kUnknown = static_cast<int>(Reach::kPerhaps);

constexpr char kDetails[] =
    "PROGRAM may be a library too: a plugin, a module. A number is a process; ./123 is a file.\n"
    "Nothing of it is executed: its file is read, and what ld.so would load for it.\n"
    "The last line is the verdict. Exit codes: 0 reachable, 1 not, 2 for a wrong argument,\n"
    "3 perhaps, or what cannot be read.\n";

int Print(const Diagnosis& diagnosis) {
  for (const std::string& line : diagnosis.lines) std::printf("%s\n", Printable(line).c_str());
  std::printf("%s\n", Printable(diagnosis.Verdict()).c_str());
  return static_cast<int>(diagnosis.reach);
}

int Fail(const absl::Status& status) {
  return Say(kName, status, absl::IsNotFound(status) ? kUsage : kUnknown);
}

int ExamineProcess(pid_t pid) {
  const absl::StatusOr<ProcessView> process = ProcessView::Read(pid);
  if (!process.ok()) return Fail(process.status());
  std::vector<std::string> files = {process->program};
  for (const std::string& file : process->code_files) {
    if (file != process->program) files.push_back(file);
  }
  return Print(DiagnoseProcess(ObjectTree::ReadList(files, process->root), *process));
}

// A library is no program of PATH, and need not be executable.
absl::StatusOr<std::string> FindFile(const std::string& name, const std::string& path) {
  char file[PATH_MAX];
  if (name.find('/') != std::string::npos) {
    if (realpath(name.c_str(), file) != nullptr) return std::string(file);
    return absl::NotFoundError(name + ": there is no such file.");
  }
  const absl::StatusOr<std::string> program = FindProgram(name, path);
  if (!program.ok()) return program.status();
  return realpath(program->c_str(), file) == nullptr ? *program : std::string(file);
}

int ExamineProgram(const std::string& name) {
  const std::string path = SearchedFolders();
  absl::StatusOr<std::string> file = FindFile(name, path);
  if (!file.ok()) return Fail(file.status());
  const absl::StatusOr<std::vector<std::string>> interpreters = Interpreters(*file, path);
  if (!interpreters.ok()) return Fail(interpreters.status());
  if (!interpreters->empty()) file = interpreters->back();
  const absl::StatusOr<FileRights> rights = ReadRights(*file);
  if (!rights.ok()) return Fail(rights.status());
  const absl::StatusOr<ObjectTree> tree = ObjectTree::Read(*file, LibrarySearch::System());
  if (!tree.ok()) return Fail(tree.status());
  return Print(DiagnoseProgram(*tree, RightsGained(*rights, getuid(), getgid()), *interpreters));
}

int Run(const cli::Options&, std::span<const char* const> operands) {
  if (operands.size() != 1) return Say(kName, "needs one program or process.", kUsage);
  const std::string name = operands[0];
  if (name.find_first_not_of("0123456789") != std::string::npos || name.empty()) {
    return ExamineProgram(name);
  }
  const std::optional<pid_t> pid = ParsePid(name);
  if (!pid) return Say(kName, name + " is no process.", kUsage);
  return ExamineProcess(*pid);
}

}  // namespace

const Command& DoctorCommand() {
  static const Command kCommand = {
      kName, "PROGRAM|PID", "say whether the library reaches a program, and why not", kDetails, {},
      Run};
  return kCommand;
}

}  // namespace dtls13::command
