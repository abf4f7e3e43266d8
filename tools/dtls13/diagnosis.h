// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_DIAGNOSIS_H_
#define DTLS13_TOOLS_DTLS13_DIAGNOSIS_H_

#include <string>
#include <string_view>
#include <vector>

#include "tools/dtls13/elf_file.h"
#include "tools/dtls13/object_tree.h"
#include "tools/dtls13/process_maps.h"

namespace dtls13::command {

// Reach says whether the library's functions come before libssl's in a program. The values are exit
// codes.
enum class Reach { kReachable = 0, kNot = 1, kPerhaps = 3 };

// Diagnosis is what the doctor says: lines of findings, and the verdict with its reason.
struct Diagnosis {
  std::vector<std::string> lines;
  Reach reach = Reach::kPerhaps;
  std::string reason;  // one sentence without its full stop

  // Verdict is the last line.
  std::string Verdict() const;
};

// NoPreload says why ld.so would not preload the library into the program `program`, which gets
// more rights by `rights_gained` (RightsGained); empty where it would. It is `dtls13 run`'s
// question as well.
std::string NoPreload(const ElfStart& program, std::string_view rights_gained);

// DiagnoseProgram judges a program that is yet to be started. `interpreters` are those of a script
// (Interpreters), the last of which `tree` begins with.
Diagnosis DiagnoseProgram(const ObjectTree& tree, std::string_view rights_gained,
                          const std::vector<std::string>& interpreters);

// DiagnoseProcess judges a process by what it has mapped, which `tree` is.
Diagnosis DiagnoseProcess(const ObjectTree& tree, const ProcessView& process);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_DIAGNOSIS_H_
