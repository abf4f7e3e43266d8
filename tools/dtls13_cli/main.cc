// SPDX-License-Identifier: Apache-2.0
// dtls13_cli: what the demonstration and the interoperability tests need beside openssl itself.
#include <cstddef>

#include "tools/dtls13_cli/command_line.h"
#include "tools/dtls13_cli/commands.h"

int main(int argc, char** argv) {
  using namespace dtls13::cli;
  const Command* const commands[] = {&RelayCommand(), &LadderCommand(), &ServerCommand(),
                                     &ClientCommand()};
  return RunProgram("dtls13_cli", commands, {argv, static_cast<size_t>(argc)});
}
