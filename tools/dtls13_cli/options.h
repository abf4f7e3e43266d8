// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_OPTIONS_H_
#define DTLS13_TOOLS_DTLS13_CLI_OPTIONS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace dtls13::cli {

// OptionSpec declares one option of a sub-command: "--name VALUE", or "--name" alone when `value`
// is empty.
struct OptionSpec {
  std::string_view name;   // without the dashes
  std::string_view value;  // what the help text calls the value
  std::string_view help;
};

// Options are a sub-command's options as given. Errors are one sentence for a person.
// It does not know what the options mean.
class Options {
 public:
  // InvalidArgument for an option that is not in `specs`, a missing value, or a bare word.
  static absl::StatusOr<Options> Parse(std::span<const OptionSpec> specs,
                                       std::span<const char* const> arguments);

  // ParseBeforeOperands stops before the first word that is no option, or behind a "--", and gives
  // the rest to `operands`. A value may stand behind the option's name and "=" as well.
  static absl::StatusOr<Options> ParseBeforeOperands(std::span<const OptionSpec> specs,
                                                     std::span<const char* const> arguments,
                                                     std::span<const char* const>* operands);

  // ParseWithOperands takes the rest for operands(), after options or between them.
  static absl::StatusOr<Options> ParseWithOperands(std::span<const OptionSpec> specs,
                                                   std::span<const char* const> arguments);

  bool Has(std::string_view name) const;
  // GetString returns `fallback` when the option was not given.
  std::string GetString(std::string_view name, std::string_view fallback) const;
  // GetNumber is InvalidArgument unless the value is a whole number from `min` to `max`.
  absl::StatusOr<int64_t> GetNumber(std::string_view name, int64_t min, int64_t max,
                                    int64_t fallback) const;
  // Require is InvalidArgument when the option was not given.
  absl::Status Require(std::string_view name) const;
  // operands are the bare words, where they were asked for.
  const std::vector<std::string>& operands() const { return operands_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> operands_;
};

// PrintOptions writes one line for each option to standard output.
void PrintOptions(std::span<const OptionSpec> specs);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_OPTIONS_H_
