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

absl::Status UnknownOption(std::string_view argument) {
  return absl::InvalidArgumentError(absl::StrCat("unknown option '", std::string(argument), "'."));
}

}  // namespace

absl::StatusOr<Options> Options::Parse(std::span<const OptionSpec> specs,
                                       std::span<const char* const> arguments) {
  std::span<const char* const> operands;
  absl::StatusOr<Options> options = ParseBeforeOperands(specs, arguments, &operands);
  if (options.ok() && !operands.empty()) return UnknownOption(operands[0]);
  return options;
}

absl::StatusOr<Options> Options::ParseBeforeOperands(std::span<const OptionSpec> specs,
                                                     std::span<const char* const> arguments,
                                                     std::span<const char* const>* operands) {
  Options options;
  size_t next = 0;
  while (next < arguments.size()) {
    const std::string_view argument = arguments[next];
    if (!argument.starts_with('-') || argument == "-") break;
    ++next;
    if (argument == "--") break;
    const size_t sign = argument.find('=');
    const std::string_view name = argument.substr(0, sign);
    const OptionSpec* spec = name.starts_with("--") ? FindSpec(specs, name.substr(2)) : nullptr;
    const bool has_value = sign != std::string_view::npos;
    if (spec == nullptr || (has_value && spec->value.empty())) {
      return UnknownOption(argument);
    }
    std::string value(has_value ? argument.substr(sign + 1) : std::string_view());
    if (!spec->value.empty() && !has_value) {
      if (next == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", std::string(spec->name), " needs a value."));
      }
      value = arguments[next++];
    }
    options.values_.insert_or_assign(std::string(spec->name), value);
  }
  *operands = arguments.subspan(next);
  return options;
}

absl::StatusOr<Options> Options::ParseWithOperands(std::span<const OptionSpec> specs,
                                                   std::span<const char* const> arguments) {
  Options all;
  while (!arguments.empty()) {
    std::span<const char* const> operands;
    absl::StatusOr<Options> some = ParseBeforeOperands(specs, arguments, &operands);
    if (!some.ok()) return some;
    for (const auto& [name, value] : some->values_) all.values_.insert_or_assign(name, value);
    const size_t num_taken = arguments.size() - operands.size();
    const bool only_operands = num_taken > 0 && std::string_view(arguments[num_taken - 1]) == "--";
    arguments = operands;
    do {
      if (arguments.empty()) break;
      all.operands_.emplace_back(arguments[0]);
      arguments = arguments.subspan(1);
    } while (only_operands);
  }
  return all;
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
