// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/process_seed.h"

#include <gtest/gtest.h>

#include "dtls13/crypto/random_source.h"
#include "dtls13/handshake/handshake_test_util.h"
#include "shim/testing/child.h"

namespace dtls13::shim {
namespace {

TEST(ProcessSeedTest, ChildHasTheSeedOfItsParent) {
  const auto random = SystemRandom(nullptr);
  const KeySeed seed = ProcessSeed(random.get());
  ASSERT_EQ(seed.secret.size(), KeySeed::kLen);
  const auto is_same = [&] {
    const KeySeed now = ProcessSeed(random.get());
    return now.secret.EqualsConstantTime(seed.secret.bytes()) && now.since == seed.since;
  };
  EXPECT_TRUE(is_same());
  EXPECT_TRUE(InChild(is_same));
}

TEST(ProcessSeedTest, EachProcessHasItsNumber) {
  const auto random = SystemRandom(nullptr);
  const uint64_t number = ProcessNumber(random.get());
  EXPECT_NE(number, 0u);
  EXPECT_EQ(ProcessNumber(random.get()), number);
  EXPECT_TRUE(InChild([&] {
    const uint64_t own = ProcessNumber(random.get());
    const bool stays = ProcessNumber(random.get()) == own;
    const bool differs = InChild([&] { return ProcessNumber(random.get()) != own; });
    return own != 0 && own != number && stays && differs;
  }));
  EXPECT_EQ(ProcessNumber(random.get()), number);
}

// In a child, which has none yet.
TEST(ProcessSeedTest, WithoutRandomnessThereIsNoNumber) {
  EXPECT_TRUE(InChild([] {
    SeededRandom none(1);
    none.Fail();
    return ProcessNumber(&none) == 0;
  }));
}

}  // namespace
}  // namespace dtls13::shim
