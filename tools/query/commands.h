// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_COMMANDS_H_
#define DTLS13_TOOLS_QUERY_COMMANDS_H_

#include "tools/dtls13_cli/command_line.h"

namespace dtls13::query {

// The sub-commands of the program.
const cli::Command& AskCommand();
const cli::Command& ServeCommand();
const cli::Command& CompareCommand();

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_COMMANDS_H_
