// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/rotating_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr std::chrono::seconds kPeriod{600};
constexpr size_t kKeyLen = 48;

WallTime After(int64_t seconds) { return kNow + std::chrono::seconds(seconds); }

KeySeed Seed(uint8_t byte = 1) {
  return {.secret = Secret::CopyOf(Bytes(KeySeed::kLen, byte)), .since = kNow};
}

Bytes KeyAt(RotatingKeys* keys, WallTime now) {
  SeededRandom random(1);
  random.Fail();
  EXPECT_TRUE(keys->Rotate(*TestAlgorithms(), &random, now));
  const auto key = keys->current().key.bytes();
  return Bytes(key.begin(), key.end());
}

Bytes KeyAt(WallTime now, uint8_t seed = 1) {
  RotatingKeys keys(kKeyLen, kPeriod, Seed(seed));
  return KeyAt(&keys, now);
}

TEST(RotatingKeysTest, EqualSeedsMakeEqualKeysWhateverWasAskedBefore) {
  RotatingKeys keys(kKeyLen, kPeriod, Seed());
  for (int64_t seconds = 0; seconds < 20 * 600; seconds += 250) {
    ASSERT_EQ(KeyAt(&keys, After(seconds)), KeyAt(After(seconds))) << seconds;
  }
  EXPECT_NE(KeyAt(kNow, 1), KeyAt(kNow, 2));
  EXPECT_EQ(KeyAt(kNow).size(), kKeyLen);
}

TEST(RotatingKeysTest, PeriodsBeginWithTheSeed) {
  EXPECT_EQ(KeyAt(After(599)), KeyAt(kNow));
  EXPECT_NE(KeyAt(After(600)), KeyAt(kNow));
  EXPECT_EQ(KeyAt(After(-5000)), KeyAt(kNow)) << "a clock that was set back";
}

// Whoever is a period ahead or behind finds the other's key, by its number too.
TEST(RotatingKeysTest, KeysOfTheNeighboursAreThere) {
  RotatingKeys early(kKeyLen, kPeriod, Seed()), late(kKeyLen, kPeriod, Seed());
  const Bytes early_key = KeyAt(&early, After(1199));
  const Bytes late_key = KeyAt(&late, After(1200));
  ASSERT_NE(early.Find(late.current().id), nullptr);
  ASSERT_NE(late.Find(early.current().id), nullptr);
  EXPECT_TRUE(early.Find(late.current().id)->key.EqualsConstantTime(late_key));
  EXPECT_TRUE(late.Find(early.current().id)->key.EqualsConstantTime(early_key));
  EXPECT_EQ(late.Find(static_cast<uint8_t>(late.current().id + 2)), nullptr);
  KeyAt(&late, After(1800));
  EXPECT_EQ(late.Find(early.current().id), nullptr) << "a key is gone after one period more";
}

// A clock that comes up in 1970 and is set then must not stop a server, nor part it from others.
TEST(RotatingKeysTest, JumpOfDecadesIsShort) {
  constexpr WallTime kEpoch{};
  const auto seed = [] { return KeySeed{.secret = Secret::CopyOf(Bytes(32, 1)), .since = kEpoch}; };
  RotatingKeys one(kKeyLen, std::chrono::seconds(1), seed());
  RotatingKeys other(kKeyLen, std::chrono::seconds(1), seed());
  EXPECT_EQ(KeyAt(&one, kNow), KeyAt(&other, kNow));
  EXPECT_EQ(one.current().since, kNow);
  EXPECT_EQ(KeyAt(&one, After(1)), KeyAt(&other, After(1)));
  EXPECT_EQ(one.current().since, After(1));
}

TEST(RotatingKeysTest, WithoutASeedDrawsOneItself) {
  RotatingKeys one(kKeyLen, kPeriod, {}), other(kKeyLen, kPeriod, {});
  SeededRandom random(1);
  ASSERT_TRUE(one.Rotate(*TestAlgorithms(), &random, kNow));
  ASSERT_TRUE(other.Rotate(*TestAlgorithms(), &random, kNow));
  EXPECT_FALSE(one.current().key.EqualsConstantTime(other.current().key.bytes()));
  EXPECT_EQ(one.current().since, kNow);
  random.Fail();
  RotatingKeys none(kKeyLen, kPeriod, {});
  EXPECT_FALSE(none.Rotate(*TestAlgorithms(), &random, kNow));
}

}  // namespace
}  // namespace dtls13
