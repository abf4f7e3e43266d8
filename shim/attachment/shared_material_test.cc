// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/shared_material.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

#include "dtls13/session/session.h"
#include "shim/bio/clock.h"

namespace dtls13::shim {
namespace {

constexpr std::chrono::seconds kLifetime{3600};
constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

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

Session SessionOf(uint64_t guard) {
  Session session;
  session.suite = CipherSuiteId::kAes128GcmSha256;
  session.psk = Secret(32);
  session.lifetime_s = 3600;
  session.issued_at = kNow;
  session.replay_guard = guard;
  return session;
}

// In a listener of several SSL_CTXs each hello comes to any of them.
TEST(SharedMaterialTest, ContextsOfAProcessTakeOneAnothersCookies) {
  SharedMaterial one, other;
  one.MakeSeeds();
  CookieContents contents;
  contents.suite = CipherSuiteId::kAes128GcmSha256;
  contents.client_hello_hash.resize(32);
  const auto cookie = one.cookie_keys()->Seal(contents, {}, WallNow());
  EXPECT_TRUE(other.cookie_keys()->Open(cookie, {}, WallNow()).has_value());
}

TEST(SharedMaterialTest, ContextsOfAProcessDoNotTakeOneAnothersTickets) {
  SharedMaterial one, other;
  one.MakeSeeds();
  other.MakeSeeds();
  const auto ticket = one.ticket_keys(kLifetime)->Seal(SessionOf(0), kNow);
  EXPECT_TRUE(one.ticket_keys(kLifetime)->Open(ticket, kNow).has_value());
  EXPECT_FALSE(other.ticket_keys(kLifetime)->Open(ticket, kNow).has_value());
}

TEST(SharedMaterialTest, EarlyDataIsForTheProcessThatIssuedTheTicket) {
  SharedMaterial shared;
  const auto guard = shared.replay_guard();
  const std::array<uint8_t, 32> id = {1}, other_id = {1};
  EarlyDataReplayGuard::Claim claim = {.id = id, .not_before = kNow, .not_after = kNow};
  EXPECT_FALSE(guard->TryClaim(claim, kNow)) << "a ticket of nobody's";
  claim.guard = guard->Number() + 1;
  EXPECT_FALSE(guard->TryClaim(claim, kNow)) << "another process's";
  claim.guard = guard->Number();
  EXPECT_TRUE(guard->TryClaim(claim, kNow));
  claim.id = other_id;
  EXPECT_FALSE(guard->TryClaim(claim, kNow)) << "again";
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
