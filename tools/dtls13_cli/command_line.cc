// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/command_line.h"

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dtls13/version.h"

namespace dtls13::cli {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongUse = 2;

void PrintUsage(const char* program, std::span<const Command* const> commands, std::FILE* out) {
  std::fprintf(out, "usage: %s COMMAND [OPTIONS]; %s COMMAND --help lists the options\n", program,
               program);
  for (const Command* command : commands) {
    std::fprintf(out, "  %-8s %s\n", command->name, command->help);
  }
}

int Fail(const char* program, const char* command, const absl::Status& status) {
  std::fprintf(stderr, "%s %s: %s\n", program, command, std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kWrongUse : kFailed;
}

int RunCommand(const char* program, const Command& command,
               std::span<const char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument != "--help") continue;
    std::printf("usage: %s %s [OPTIONS]%s%s: %s\n", program, command.name,
                *command.operands == '\0' ? "" : " ", command.operands, command.help);
    PrintOptions(command.options);
    return 0;
  }
  const absl::StatusOr<Options> options =
      *command.operands == '\0' ? Options::Parse(command.options, arguments)
                                : Options::ParseWithOperands(command.options, arguments);
  if (!options.ok()) return Fail(program, command.name, options.status());
  const absl::Status status = command.run(*options);
  if (!status.ok()) return Fail(program, command.name, status);
  // What was printed is what was asked for; a full disk says so only now.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return Fail(program, command.name,
                absl::UnavailableError("standard output cannot be written."));
  }
  return 0;
}

}  // namespace

int RunProgram(const char* program, std::span<const Command* const> commands,
               std::span<const char* const> arguments) {
  if (arguments.size() < 2) {
    PrintUsage(program, commands, stderr);
    return kWrongUse;
  }
  const std::string_view name = arguments[1];
  if (name == "--help" || name == "-h") {
    PrintUsage(program, commands, stdout);
    return 0;
  }
  if (name == "--version") {
    std::printf("%s %s\n", program, dtls13_version());
    return 0;
  }
  for (const Command* command : commands) {
    if (name == command->name) return RunCommand(program, *command, arguments.subspan(2));
  }
  std::fprintf(stderr, "%s: no command '%s'; see %s --help.\n", program, arguments[1], program);
  return kWrongUse;
}

}  // namespace dtls13::cli
