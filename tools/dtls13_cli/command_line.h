// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_COMMAND_LINE_H_
#define DTLS13_TOOLS_DTLS13_CLI_COMMAND_LINE_H_

#include <span>

#include "absl/status/status.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::cli {

// Command is a sub-command of a program: its options and what it does. A failed Status is one
// sentence for a person; InvalidArgument is a wrong use, and anything else a failure.
struct Command {
  const char* name;
  const char* help;
  std::span<const OptionSpec> options;
  absl::Status (*run)(const Options& options);
  const char* operands = "";  // for the usage; empty: it takes none
};

// RunProgram runs the command that `arguments`, main's, name, or answers --help and --version, and
// returns the exit code: 0, 1 for a failure, 2 for a wrong use.
int RunProgram(const char* program, std::span<const Command* const> commands,
               std::span<const char* const> arguments);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_COMMAND_LINE_H_
