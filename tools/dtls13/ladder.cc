// SPDX-License-Identifier: Apache-2.0
#include "absl/status/status.h"
#include "tools/dtls13/command.h"
#include "tools/dtls13_cli/commands.h"

namespace dtls13::command {
namespace {

int RunLadder(const cli::Options& options, std::span<const char* const> operands) {
  const cli::Command& ladder = cli::LadderCommand();
  if (!operands.empty()) return Say(ladder.name, "takes options alone.", kUsage);
  const absl::Status status = ladder.run(options);
  if (status.ok()) return 0;
  return Say(ladder.name, status, absl::IsInvalidArgument(status) ? kUsage : kFailed);
}

}  // namespace

const Command& LadderCommand() {
  static const Command kCommand = {cli::LadderCommand().name,    "",
                                   cli::LadderCommand().help,    "",
                                   cli::LadderCommand().options, RunLadder};
  return kCommand;
}

}  // namespace dtls13::command
