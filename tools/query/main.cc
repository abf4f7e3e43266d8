// SPDX-License-Identifier: Apache-2.0
// query: DNS over DTLS 1.3, asked and answered, and what it is worth to close early.
#include <span>

#include "tools/dtls13_cli/command_line.h"
#include "tools/query/commands.h"

int main(int argc, char** argv) {
  using namespace dtls13::query;
  const dtls13::cli::Command* const commands[] = {&AskCommand(), &ServeCommand(),
                                                  &CompareCommand()};
  return dtls13::cli::RunProgram("query", commands, std::span(argv, static_cast<size_t>(argc)));
}
