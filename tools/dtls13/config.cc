// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

#include "shim/libssl/policy.h"
#include "tools/dtls13/command.h"

namespace dtls13::command {
namespace {

constexpr char kName[] = "config";
constexpr char kVariable[] = "DTLS13_OPTIONS";

int Run(const cli::Options&, std::span<const char* const> operands) {
  if (!operands.empty()) return Say(kName, "takes no arguments.", kUsage);
  const char* variable = std::getenv(kVariable);
  const std::string options = variable == nullptr ? "" : variable;
  shim::Policy policy;
  const std::string faults = shim::ReadPolicy(options, &policy);
  std::printf("%-18s %-12s %-15s %s\n", "key", "in force", "from", "takes");
  for (const shim::PolicyValue& value : shim::PolicyValues(options)) {
    const bool is_set = !value.value.empty();
    std::printf("%-18s %-12s %-15s %s\n", std::string(value.key).c_str(),
                is_set ? value.value.c_str() : "-", is_set ? kVariable : "default",
                std::string(value.values).c_str());
  }
  std::fprintf(stderr, "%s", faults.c_str());
  return faults.empty() ? 0 : kFailed;
}

}  // namespace

const Command& ConfigCommand() {
  static const Command kCommand = {kName,
                                   "",
                                   "print what DTLS13_OPTIONS can say, and what it says",
                                   "What each key means: DTLS13_OPTIONS=help, docs/policy.md.\n",
                                   {},
                                   Run};
  return kCommand;
}

}  // namespace dtls13::command
