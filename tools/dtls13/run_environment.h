// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_RUN_ENVIRONMENT_H_
#define DTLS13_TOOLS_DTLS13_RUN_ENVIRONMENT_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::command {

// RunOptions are those of `dtls13 run`.
std::span<const cli::OptionSpec> RunOptions();

// PreloadValue is LD_PRELOAD with `library` in it once. What is there stays, and before it: a
// sanitizer's runtime has to be the first.
std::string PreloadValue(std::string_view preload, const std::string& library);

// PolicyOptions are what RunOptions say, as DTLS13_OPTIONS has it.
// InvalidArgument, with a sentence that names the key, the value and what is allowed, for what the
// library would not take.
absl::StatusOr<std::string> PolicyOptions(const cli::Options& options);

// OptionsValue is DTLS13_OPTIONS with `ours` behind what is there, so that ours count.
// InvalidArgument where the two together leave no version.
absl::StatusOr<std::string> OptionsValue(std::string_view options, std::string_view ours);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_RUN_ENVIRONMENT_H_
