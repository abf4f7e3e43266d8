// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/options.h"

#include <cstdio>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace dtls13::cli {
namespace {

const OptionSpec* FindSpec(std::span<const OptionSpec> specs, std::string_view name) {
  for (const OptionSpec& spec : specs) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

}  // namespace

absl::StatusOr<Options> Options::Parse(std::span<const OptionSpec> specs,
                                       std::span<const char* const> arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const OptionSpec* spec =
        argument.starts_with("--") ? FindSpec(specs, argument.substr(2)) : nullptr;
    if (spec == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("unknown option '", arguments[i], "'."));
    }
    std::string value;
    if (!spec->value.empty()) {
      if (++i == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", std::string(spec->name), " needs a value."));
      }
      value = arguments[i];
    }
    options.values_.insert_or_assign(std::string(spec->name), value);
  }
  return options;
}

bool Options::Has(std::string_view name) const { return values_.contains(name); }

std::string Options::GetString(std::string_view name, std::string_view fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(fallback) : found->second;
}

absl::StatusOr<int64_t> Options::GetNumber(std::string_view name, int64_t min, int64_t max,
                                           int64_t fallback) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return fallback;
  int64_t number = 0;
  if (!absl::SimpleAtoi(found->second, &number) || number < min || number > max) {
    return absl::InvalidArgumentError(absl::StrCat("--", std::string(name),
                                                   " needs a whole number from ", min, " to ", max,
                                                   ", not '", found->second, "'."));
  }
  return number;
}

absl::Status Options::Require(std::string_view name) const {
  if (Has(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--", std::string(name), " is required."));
}

void PrintOptions(std::span<const OptionSpec> specs) {
  for (const OptionSpec& spec : specs) {
    std::string left = absl::StrCat("--", std::string(spec.name));
    if (!spec.value.empty()) absl::StrAppend(&left, " ", std::string(spec.value));
    std::printf("  %-22s %.*s\n", left.c_str(), static_cast<int>(spec.help.size()),
                spec.help.data());
  }
}

}  // namespace dtls13::cli
