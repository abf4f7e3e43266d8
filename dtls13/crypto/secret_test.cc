// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace dtls13 {
namespace {

static_assert(!std::is_copy_constructible_v<Secret>);
static_assert(!std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);

const std::vector<uint8_t> kBytes = {1, 2, 3, 4, 5, 0xfe, 0xff};

bool AllZero(const unsigned char* memory, size_t len) {
  return std::all_of(memory, memory + len, [](unsigned char byte) { return byte == 0; });
}

TEST(SecretTest, DefaultIsEmpty) {
  const Secret secret;
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(secret.size(), 0u);
}

TEST(SecretTest, LengthGivesZeros) {
  const Secret secret(48);
  ASSERT_EQ(secret.size(), 48u);
  EXPECT_TRUE(AllZero(secret.bytes().data(), 48));
}

TEST(SecretTest, CopyOfHoldsTheBytes) {
  const Secret secret = Secret::CopyOf(kBytes);
  EXPECT_TRUE(std::ranges::equal(secret.bytes(), kBytes));
}

TEST(SecretTest, CopyOfRefusesWhatDoesNotFit) {
  EXPECT_EQ(Secret::CopyOf(std::vector<uint8_t>(Secret::kMaxLen, 7)).size(), Secret::kMaxLen);
  EXPECT_TRUE(Secret::CopyOf(std::vector<uint8_t>(Secret::kMaxLen + 1, 7)).empty());
}

TEST(SecretTest, MovingEmptiesAndCleansesTheSource) {
  alignas(Secret) unsigned char memory[sizeof(Secret)];
  Secret* source = new (memory) Secret(Secret::CopyOf(std::vector<uint8_t>(40, 0xaa)));
  const Secret target = std::move(*source);
  EXPECT_EQ(target.size(), 40u);
  EXPECT_TRUE(AllZero(memory, sizeof(memory)));
  source->~Secret();
}

//= rfc8446#section-7.2
//= type=test
//# Once client_/server_application_traffic_secret_N+1 and its associated
//# traffic keys have been computed, implementations SHOULD delete
//# client_/server_application_traffic_secret_N and its associated traffic
//# keys.
TEST(SecretTest, MoveAssignmentReplacesAndCleanses) {
  alignas(Secret) unsigned char memory[sizeof(Secret)];
  Secret* source = new (memory) Secret(Secret::CopyOf(kBytes));
  Secret target = Secret::CopyOf(std::vector<uint8_t>(64, 0xbb));
  target = std::move(*source);
  EXPECT_TRUE(std::ranges::equal(target.bytes(), kBytes));
  EXPECT_TRUE(AllZero(memory, sizeof(memory)));
  source->~Secret();
}

TEST(SecretTest, MoveAssignmentToItselfKeepsTheSecret) {
  Secret secret = Secret::CopyOf(kBytes);
  Secret& same = secret;
  secret = std::move(same);
  EXPECT_TRUE(std::ranges::equal(secret.bytes(), kBytes));
}

TEST(SecretTest, DestructionCleanses) {
  alignas(Secret) unsigned char memory[sizeof(Secret)];
  Secret* secret = new (memory) Secret(Secret::CopyOf(std::vector<uint8_t>(Secret::kMaxLen, 0xcc)));
  secret->~Secret();
  // Through volatile: the object is gone, and the compiler may not assume what its memory holds.
  const volatile unsigned char* view = memory;
  for (size_t i = 0; i < sizeof(memory); ++i) ASSERT_EQ(view[i], 0) << i;
}

TEST(SecretTest, ComparesContentsAndLength) {
  const Secret secret = Secret::CopyOf(kBytes);
  EXPECT_TRUE(secret.EqualsConstantTime(kBytes));
  for (size_t i = 0; i < kBytes.size(); ++i) {
    std::vector<uint8_t> other = kBytes;
    other[i] ^= 0x80;
    EXPECT_FALSE(secret.EqualsConstantTime(other)) << i;
  }
  EXPECT_FALSE(secret.EqualsConstantTime(std::span(kBytes).first(kBytes.size() - 1)));
  EXPECT_TRUE(ConstantTimeEquals({}, {}));
}

}  // namespace
}  // namespace dtls13
