// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dtls13/new_config.h"
#include "tools/dtls13_cli/dtls_setup.h"
#include "tools/query/commands.h"
#include "tools/query/comparison.h"

namespace dtls13::query {
namespace {

constexpr cli::OptionSpec kOptions[] = {
    {"exchanges", "N", "queries in each order and at each loss (default 200)"},
    {"svg", "FILE", "draw the figures, too"},
};

absl::Status Run(const cli::Options& options) {
  if (const auto config = cli::Usable(NewConfig()); !config.ok()) return config.status();
  const absl::StatusOr<int64_t> exchanges = options.GetNumber("exchanges", 1, 100'000, 200);
  if (!exchanges.ok()) return exchanges.status();
  std::printf(
      "One query on a path of 100 ms, in virtual time; the resolver takes 10 ms, and the server\n"
      "gives up a silent client after 10 s. \"held\" is from when the client's address was "
      "proved;\n\"ended by both\" is the mean of the associations that both sides ended.\n\n");
  const std::vector<OrderFigures> figures =
      Compare({0, 0.05, 0.1, 0.15, 0.2}, static_cast<size_t>(*exchanges));
  std::printf("%s", ComparisonTable(figures).c_str());
  const std::string svg = options.GetString("svg", "");
  if (!svg.empty() && !WriteComparison(figures, svg)) {
    return absl::UnavailableError(svg + " cannot be written.");
  }
  return absl::OkStatus();
}

}  // namespace

const cli::Command& CompareCommand() {
  static constexpr cli::Command kCommand = {
      "compare", "print how long a server holds state, closed early and in the ordinary order",
      kOptions, Run};
  return kCommand;
}

}  // namespace dtls13::query
