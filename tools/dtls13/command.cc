// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/command.h"

#include <cstdio>
#include <string>

namespace dtls13::command {

std::string Printable(std::string_view text) {
  std::string printable;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    // U+0080 to U+009F are C2 80 to C2 9F.
    const bool is_long_control = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    printable += is_long_control || byte < ' ' || byte == 0x7f ? '?' : text[i];
    if (is_long_control) ++i;
  }
  return printable;
}

int Say(std::string_view command, std::string_view sentence, int exit_code) {
  std::fprintf(stderr, "dtls13 %s: %s\n", std::string(command).c_str(),
               Printable(sentence).c_str());
  return exit_code;
}

int Say(std::string_view command, const absl::Status& failure, int exit_code) {
  return Say(command, std::string(failure.message()), exit_code);
}

}  // namespace dtls13::command
