// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/complaint.h"

#include <unistd.h>

#include <string>

namespace dtls13::shim {

void Complain(std::string_view sentence) {
  std::string line = "libdtls13: ";
  line.append(sentence).append("\n");
  // Nothing can be done about a stderr that takes no more.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace dtls13::shim
