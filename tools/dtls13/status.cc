// SPDX-License-Identifier: Apache-2.0
#include "absl/status/status.h"

#include <sys/types.h>

#include <cstdio>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/command.h"
#include "tools/dtls13/process_maps.h"
#include "tools/dtls13/status_report.h"

namespace dtls13::command {
namespace {

constexpr char kName[] = "status";

constexpr char kDetails[] =
    "Only of a process that `dtls13 run --status` started (DTLS13_OPTIONS=status=yes), and only "
    "of\n"
    "your own unless you are root. Exit codes: 0, 1 where the process tells nothing or is another\n"
    "user's, 2 for a wrong argument.\n";

int Run(const cli::Options&, std::span<const char* const> operands) {
  if (operands.size() != 1) return Say(kName, "needs one process.", kUsage);
  const std::optional<pid_t> pid = ParsePid(operands[0]);
  if (!pid) return Say(kName, absl::StrCat("'", operands[0], "' is no process."), kUsage);
  const absl::StatusOr<FileBytes> page = OpenStatus(*pid);
  if (!page.ok()) {
    return Say(kName, page.status(), absl::IsNotFound(page.status()) ? kUsage : kFailed);
  }
  const absl::StatusOr<StatusReport> report = StatusReport::Read(*page);
  if (!report.ok()) {
    return Say(kName, absl::StrCat("process ", *pid, ": ", std::string(report.status().message())),
               kFailed);
  }
  std::printf("%-12s libdtls13 %s\n", "library:", report->version.c_str());
  for (const std::string& line : report->Lines()) std::printf("%s\n", line.c_str());
  return 0;
}

}  // namespace

const Command& StatusCommand() {
  static const Command kCommand = {kName,    "PID", "show the connections of a running process",
                                   kDetails, {},    Run};
  return kCommand;
}

}  // namespace dtls13::command
