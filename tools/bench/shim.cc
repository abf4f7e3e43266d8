// SPDX-License-Identifier: Apache-2.0
// What an application of libssl's pays and gets: records, handshakes and memory of DTLS 1.3 beside
// libssl's own DTLS 1.2, measured by turns in one run; and what libssl's own connections pay for
// this library. The aims stand beside what is reached.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tools/bench/allocation_counter.h"
#include "tools/bench/libssl_toll.h"
#include "tools/bench/shim_handshakes.h"
#include "tools/bench/shim_records.h"

int main(int argc, char** argv) {
  dtls13::bench::InstallAllocationCounter();
  // All parts without a name; the toll is measured where the two files are given.
  std::string part, user, library;
  for (const std::string argument : std::span(argv, static_cast<size_t>(argc)).subspan(1)) {
    constexpr std::string_view kUser = "--libssl_user=";
    constexpr std::string_view kLibrary = "--library=";
    if (argument.starts_with(kUser)) {
      user = argument.substr(kUser.size());
    } else if (argument.starts_with(kLibrary)) {
      library = argument.substr(kLibrary.size());
    } else {
      part = argument;
    }
  }
  const auto is_wanted = [&part](const char* name) { return part.empty() || part == name; };
  if (is_wanted("records")) {
    dtls13::bench::MeasureRecords();
    dtls13::bench::MeasureRecordThreads();
  }
  if (is_wanted("handshakes")) {
    dtls13::bench::MeasureHandshakes();
    dtls13::bench::MeasureHandshakeThreads();
  }
  if (is_wanted("toll") && !user.empty() && !library.empty()) {
    dtls13::bench::MeasureToll(user, library);
  }
  return 0;
}
