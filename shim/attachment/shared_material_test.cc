// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/shared_material.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

namespace dtls13::shim {
namespace {

constexpr std::chrono::seconds kLifetime{3600};

TEST(SharedMaterialTest, MakesEachOnce) {
  SharedMaterial shared;
  ASSERT_NE(shared.algorithms(), nullptr);
  EXPECT_EQ(shared.algorithms(), shared.algorithms());
  ASSERT_NE(shared.cookie_keys(), nullptr);
  EXPECT_EQ(shared.cookie_keys(), shared.cookie_keys());
  ASSERT_NE(shared.ticket_keys(kLifetime), nullptr);
  EXPECT_EQ(shared.ticket_keys(kLifetime), shared.ticket_keys(2 * kLifetime));
  ASSERT_NE(shared.replay_guard(), nullptr);
  EXPECT_EQ(shared.replay_guard(), shared.replay_guard());
}

TEST(SharedMaterialTest, WithSharedTicketKeysNobodyKnowsWhatWasTaken) {
  SharedMaterial shared;
  ASSERT_NE(shared.replay_guard(), nullptr);
  const std::array<uint8_t, 80> secret = {1};
  ASSERT_TRUE(shared.ShareTicketKeys(secret));
  EXPECT_EQ(shared.replay_guard(), nullptr);
  EXPECT_NE(shared.ticket_keys(kLifetime), nullptr);
}

TEST(SharedMaterialTest, NoPropertyQueryIsNotAnEmptyOne) {
  SharedMaterial shared;
  EXPECT_EQ(shared.property_query(), nullptr);
  shared.SetLibrary(nullptr, "");
  ASSERT_NE(shared.property_query(), nullptr);
  EXPECT_EQ(std::string(shared.property_query()), "");
  // What is asked for is not to be had.
  SharedMaterial other;
  other.SetLibrary(nullptr, "provider=nobody");
  EXPECT_EQ(other.algorithms(), nullptr);
  EXPECT_EQ(other.cookie_keys(), nullptr);
  EXPECT_EQ(other.ticket_keys(kLifetime), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
