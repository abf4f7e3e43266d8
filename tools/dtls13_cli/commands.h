// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_
#define DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_

#include <span>

#include "absl/status/status.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::cli {

// A sub-command: its options and what it does. A failed Status is one sentence for a person.
struct Command {
  const char* name;
  const char* help;
  std::span<const OptionSpec> options;
  absl::Status (*run)(const Options& options);
};

const Command& RelayCommand();
const Command& LadderCommand();
const Command& ServerCommand();
const Command& ClientCommand();

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_COMMANDS_H_
