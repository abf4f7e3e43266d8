// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_COMMAND_H_
#define DTLS13_TOOLS_DTLS13_COMMAND_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::command {

// What every command may end with.
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

// Command is one of `dtls13`'s: its options, what follows them, and what it does.
struct Command {
  const char* name;
  const char* operands;  // for the usage; what is optional in brackets
  const char* help;      // one line
  const char* details;   // lines of the command's own --help, or ""
  std::span<const cli::OptionSpec> options;
  // Returns the exit code.
  int (*run)(const cli::Options& options, std::span<const char* const> operands);
};

const Command& RunCommand();
const Command& DoctorCommand();
const Command& ConfigCommand();
const Command& LadderCommand();
const Command& StatusCommand();

// Printable is `text` with a question mark for each control character: names of files, of libraries
// and of the environment are whoever's who made them, and are not to rule a terminal.
std::string Printable(std::string_view text);

// Say writes one line to stderr: "dtls13 run: sentence", printable. Returns `exit_code`.
int Say(std::string_view command, std::string_view sentence, int exit_code);
int Say(std::string_view command, const absl::Status& failure, int exit_code);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_COMMAND_H_
