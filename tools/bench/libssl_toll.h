// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_LIBSSL_TOLL_H_
#define DTLS13_TOOLS_BENCH_LIBSSL_TOLL_H_

#include <string>

namespace dtls13::bench {

// MeasureToll prints what a program whose connections are all libssl's pays for the library that is
// preloaded into it: `program`, which is //tools/bench:libssl_user, runs with `library` and without
// by turns, in processes of their own.
void MeasureToll(const std::string& program, const std::string& library);

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_LIBSSL_TOLL_H_
