// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_
#define DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_

#include "tools/dtls13_cli/command_line.h"

namespace dtls13::cli {

const Command& RelayCommand();
const Command& LadderCommand();
const Command& ServerCommand();
const Command& ClientCommand();

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_
