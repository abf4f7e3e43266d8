// SPDX-License-Identifier: Apache-2.0
// dtls13: starts programs under the library, and says of programs what it can do for them.
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dtls13/version.h"
#include "tools/dtls13/command.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::command {
namespace {

std::span<const Command* const> Commands() {
  static const Command* const kCommands[] = {&RunCommand(), &DoctorCommand(), &StatusCommand(),
                                             &ConfigCommand(), &LadderCommand()};
  return kCommands;
}

void PrintUsage(std::FILE* out) {
  std::fprintf(out, "usage: dtls13 COMMAND [OPTIONS] ...; dtls13 COMMAND --help says more\n");
  for (const Command* command : Commands()) {
    std::fprintf(out, "  %-8s %s\n", command->name, command->help);
  }
}

void PrintHelp(const Command& command) {
  std::printf("usage: dtls13 %s [OPTIONS] %s\n%s\n", command.name, command.operands, command.help);
  cli::PrintOptions(command.options);
  std::printf("%s", command.details);
}

int Start(const Command& command, std::span<const char* const> arguments) {
  // Behind the first operand --help is the program's.
  if (!arguments.empty() && std::string_view(arguments[0]) == "--help") {
    PrintHelp(command);
    return 0;
  }
  std::span<const char* const> operands;
  const absl::StatusOr<cli::Options> options =
      cli::Options::ParseBeforeOperands(command.options, arguments, &operands);
  if (!options.ok()) return Say(command.name, options.status(), kUsage);
  return command.run(*options, operands);
}

int Main(std::span<const char* const> arguments) {
  if (arguments.size() < 2) {
    PrintUsage(stderr);
    return kUsage;
  }
  const std::string_view name = arguments[1];
  if (name == "--help" || name == "-h") {
    PrintUsage(stdout);
    return 0;
  }
  if (name == "--version") {
    std::printf("dtls13 %s\n", dtls13_version());
    return 0;
  }
  for (const Command* command : Commands()) {
    if (name == command->name) return Start(*command, arguments.subspan(2));
  }
  std::fprintf(stderr, "dtls13: there is no command '%s'.\n", arguments[1]);
  PrintUsage(stderr);
  return kUsage;
}

}  // namespace
}  // namespace dtls13::command

int main(int argc, char** argv) { return dtls13::command::Main({argv, static_cast<size_t>(argc)}); }
