// SPDX-License-Identifier: Apache-2.0
// dtls13_cli: what the demonstration and the interoperability tests need beside openssl itself.
#include <cstdio>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dtls13/version.h"
#include "tools/dtls13_cli/commands.h"

namespace dtls13::cli {
namespace {

std::span<const Command* const> Commands() {
  static const Command* const kCommands[] = {&RelayCommand(), &LadderCommand(), &ServerCommand(),
                                             &ClientCommand()};
  return kCommands;
}

void PrintUsage() {
  std::printf("usage: dtls13_cli COMMAND [OPTIONS]; dtls13_cli COMMAND --help lists the options\n");
  for (const Command* command : Commands()) {
    std::printf("  %-8s %s\n", command->name, command->help);
  }
}

int Fail(const char* command, const absl::Status& status) {
  std::fprintf(stderr, "dtls13_cli %s: %s\n", command, std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

int RunCommand(const Command& command, std::span<const char* const> arguments) {
  for (const std::string_view argument : arguments) {
    if (argument != "--help") continue;
    std::printf("usage: dtls13_cli %s [OPTIONS]: %s\n", command.name, command.help);
    PrintOptions(command.options);
    return 0;
  }
  const absl::StatusOr<Options> options = Options::Parse(command.options, arguments);
  if (!options.ok()) return Fail(command.name, options.status());
  const absl::Status status = command.run(*options);
  return status.ok() ? 0 : Fail(command.name, status);
}

int Main(std::span<const char* const> arguments) {
  const std::string_view name = arguments.size() > 1 ? arguments[1] : "--help";
  if (name == "--help" || name == "-h") {
    PrintUsage();
    return arguments.size() > 1 ? 0 : 2;
  }
  if (name == "--version") {
    std::printf("dtls13_cli %s\n", dtls13_version());
    return 0;
  }
  for (const Command* command : Commands()) {
    if (name == command->name) return RunCommand(*command, arguments.subspan(2));
  }
  std::fprintf(stderr, "dtls13_cli: no command '%s'; see dtls13_cli --help.\n", arguments[1]);
  return 2;
}

}  // namespace
}  // namespace dtls13::cli

int main(int argc, char** argv) { return dtls13::cli::Main({argv, static_cast<size_t>(argc)}); }
