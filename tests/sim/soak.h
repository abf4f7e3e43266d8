// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_SOAK_H_
#define DTLS13_TESTS_SIM_SOAK_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "dtls13/wire/wire_profile.h"

namespace dtls13::sim {

// SoakVerdict is what came of one seed.
struct SoakVerdict {
  std::string fault;  // what is wrong, empty if nothing
  bool connected = false;
  size_t num_datagrams = 0;
  std::string trace;  // what was planned and all that was sent, if asked for
};

// RunSoakSeed makes a scenario, its options, a bad link and a life of the association out of
// `seed` (data, MTUs that change, KeyUpdates, late answers, inexact timers, a way to end), runs it
// in virtual time, and holds it against what must be true of every association:
// - both sides connect, or end and say so, and the latter only where damage to plaintext or a
//   refused certificate excuses it;
// - data arrives at most once, unchanged, never before the peer is authenticated (but for early
//   data, which is named so), and all of it in order once the link is good;
// - no record number is used twice, and the peer can open every record;
// - everything comes to rest: acknowledged, no timer left.
// The same seed gives the same run. Both sides speak `profile`.
SoakVerdict RunSoakSeed(uint64_t seed, bool want_trace,
                        const WireProfile& profile = kRfc9147Profile);

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_SOAK_H_
