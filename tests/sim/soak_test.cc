// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/soak.h"

#include <gtest/gtest.h>

#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

constexpr uint64_t kSeeds = 3000;

class SoakTest : public testing::TestWithParam<WireProfile> {};

INSTANTIATE_TEST_SUITE_P(EveryProfile, SoakTest, testing::Values(kRfc9147Profile, kDraft26Profile),
                         [](const auto& info) { return ProfileName(info.param); });

// tools/soak runs many more.
TEST_P(SoakTest, HoldsForTheFirstSeeds) {
  uint64_t num_connected = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const SoakVerdict verdict = RunSoakSeed(seed, /*want_trace=*/false, GetParam());
    EXPECT_EQ(verdict.fault, "") << "seed " << seed;
    num_connected += verdict.connected ? 1 : 0;
  }
  EXPECT_GT(num_connected, kSeeds * 9 / 10);
}

TEST_P(SoakTest, ASeedRepeatsItself) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(RunSoakSeed(seed, /*want_trace=*/true, GetParam()).trace,
              RunSoakSeed(seed, /*want_trace=*/true, GetParam()).trace);
  }
}

}  // namespace
}  // namespace dtls13::sim
