// SPDX-License-Identifier: Apache-2.0
// What an application of libssl's pays and gets: records, handshakes and memory of DTLS 1.3 beside
// libssl's own DTLS 1.2, measured by turns in one run; and what libssl's own connections pay for
// this library. The aims stand beside what is reached.

#include <cstdio>
#include <string>

#include "tools/bench/allocation_counter.h"
#include "tools/bench/libssl_toll.h"
#include "tools/bench/shim_handshakes.h"
#include "tools/bench/shim_records.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: shim LIBSSL_USER LIBRARY [records|handshakes|toll]\n");
    return 2;
  }
  dtls13::bench::InstallAllocationCounter();
  const std::string part = argc > 3 ? argv[3] : "";
  if (part.empty() || part == "records") {
    dtls13::bench::MeasureRecords();
    dtls13::bench::MeasureRecordThreads();
  }
  if (part.empty() || part == "handshakes") {
    dtls13::bench::MeasureHandshakes();
    dtls13::bench::MeasureHandshakeThreads();
  }
  if (part.empty() || part == "toll") dtls13::bench::MeasureToll(argv[1], argv[2]);
  return 0;
}
