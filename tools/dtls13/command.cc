// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/command.h"

#include <cstdio>
#include <string>

namespace dtls13::command {

int Say(std::string_view command, std::string_view sentence, int exit_code) {
  std::fprintf(stderr, "dtls13 %s: %s\n", std::string(command).c_str(),
               std::string(sentence).c_str());
  return exit_code;
}

int Say(std::string_view command, const absl::Status& failure, int exit_code) {
  return Say(command, std::string(failure.message()), exit_code);
}

}  // namespace dtls13::command
