// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/soak.h"

#include <gtest/gtest.h>

namespace dtls13::sim {
namespace {

constexpr uint64_t kSeeds = 3000;

// tools/soak runs many more.
TEST(SoakTest, HoldsForTheFirstSeeds) {
  uint64_t num_connected = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const SoakVerdict verdict = RunSoakSeed(seed, /*want_trace=*/false);
    EXPECT_EQ(verdict.fault, "") << "seed " << seed;
    num_connected += verdict.connected ? 1 : 0;
  }
  EXPECT_GT(num_connected, kSeeds * 9 / 10);
}

TEST(SoakTest, ASeedRepeatsItself) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(RunSoakSeed(seed, /*want_trace=*/true).trace,
              RunSoakSeed(seed, /*want_trace=*/true).trace);
  }
}

}  // namespace
}  // namespace dtls13::sim
