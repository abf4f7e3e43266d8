// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/session_store.h"

#include <gtest/gtest.h>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

WallTime After(int seconds) { return kNow + std::chrono::seconds(seconds); }

SessionStore Store(size_t capacity = 3) {
  return SessionStore(std::make_shared<SeededRandom>(1), 60, capacity);
}

Session SessionOf(uint8_t byte, WallTime issued_at = kNow) {
  Session session;
  session.suite = CipherSuiteId::kAes128GcmSha256;
  session.psk = Secret::CopyOf(Bytes(32, byte));
  session.lifetime_s = 60;
  session.issued_at = issued_at;
  return session;
}

TEST(SessionStoreTest, FindsWhatItKeepsAsOftenAsItIsAskedFor) {
  SessionStore store = Store();
  const Bytes one = store.Seal(SessionOf(1), kNow);
  const Bytes other = store.Seal(SessionOf(2), kNow);
  ASSERT_EQ(one.size(), 32u);
  EXPECT_NE(one, other);
  for (int i = 0; i < 2; ++i) {
    const auto session = store.Open(one, After(i));
    ASSERT_TRUE(session.has_value());
    EXPECT_TRUE(session->psk.EqualsConstantTime(Bytes(32, 1)));
  }
}

TEST(SessionStoreTest, ForgetsThoseWhoseTimeIsOver) {
  SessionStore store = Store();
  const Bytes older = store.Seal(SessionOf(1), kNow);
  const Bytes newer = store.Seal(SessionOf(2, After(10)), After(10));
  store.RemoveExpired(After(60));
  EXPECT_TRUE(store.Open(older, kNow).has_value());
  store.RemoveExpired(After(61));
  EXPECT_FALSE(store.Open(older, kNow).has_value());
  EXPECT_TRUE(store.Open(newer, kNow).has_value());
  store.RemoveExpired(WallTime::max());
  EXPECT_FALSE(store.Open(newer, kNow).has_value());
}

TEST(SessionStoreTest, KnowsNothingElse) {
  SessionStore store = Store();
  Bytes ticket = store.Seal(SessionOf(1), kNow);
  EXPECT_FALSE(Store().Open(ticket, kNow).has_value());
  EXPECT_FALSE(store.Open({}, kNow).has_value());
  EXPECT_FALSE(store.Open(std::span(ticket).first(31), kNow).has_value());
  ticket[0] ^= 1;
  EXPECT_FALSE(store.Open(ticket, kNow).has_value());
}

TEST(SessionStoreTest, KeepsWhatComesFromElsewhere) {
  SessionStore store = Store();
  const Bytes ticket = Store().Seal(SessionOf(1), kNow);
  store.Keep(ticket, SessionOf(1), kNow);
  store.Keep(ticket, SessionOf(2), kNow);
  store.Keep(std::span(ticket).first(31), SessionOf(1), kNow);
  const auto session = store.Open(ticket, kNow);
  ASSERT_TRUE(session.has_value());
  EXPECT_EQ(SerializeSession(*session), SerializeSession(SessionOf(2)));
}

TEST(SessionStoreTest, ForgetsWhatIsRemoved) {
  SessionStore store = Store();
  const Bytes ticket = store.Seal(SessionOf(1), kNow);
  const Bytes other = store.Seal(SessionOf(2), kNow);
  store.Remove(std::span(ticket).first(31));
  EXPECT_TRUE(store.Open(ticket, kNow).has_value());
  store.Remove(ticket);
  store.Remove(ticket);
  EXPECT_FALSE(store.Open(ticket, kNow).has_value());
  EXPECT_TRUE(store.Open(other, kNow).has_value());
}

TEST(SessionStoreTest, ForgetsWhatIsOverAndTheOldest) {
  SessionStore store = Store();
  const Bytes expiring = store.Seal(SessionOf(1), kNow);
  EXPECT_TRUE(store.Open(expiring, After(59)).has_value());
  const auto over = store.Open(expiring, After(60));
  EXPECT_TRUE(over.has_value() && IsExpired(*over, After(60)));
  EXPECT_FALSE(store.Open(expiring, After(0)).has_value()) << "it is gone";
  const Bytes oldest = store.Seal(SessionOf(2), kNow);
  const Bytes second = store.Seal(SessionOf(3), kNow);
  store.Seal(SessionOf(4), kNow);
  EXPECT_TRUE(store.Open(oldest, kNow).has_value());
  store.Seal(SessionOf(5), kNow);
  EXPECT_FALSE(store.Open(oldest, kNow).has_value());
  EXPECT_TRUE(store.Open(second, kNow).has_value());
}

TEST(SessionStoreTest, IsReconfigured) {
  SessionStore store = Store();
  const Bytes first = store.Seal(SessionOf(1), kNow);
  const Bytes second = store.Seal(SessionOf(2), kNow);
  store.Reconfigure(100, 1);
  EXPECT_EQ(store.lifetime_s(), 100u);
  const Bytes third = store.Seal(SessionOf(3), kNow);
  EXPECT_FALSE(store.Open(first, kNow).has_value());
  EXPECT_FALSE(store.Open(second, kNow).has_value());
  EXPECT_TRUE(store.Open(third, kNow).has_value());
  store.Reconfigure(UINT32_MAX, 0);
  EXPECT_EQ(store.lifetime_s(), kMaxTicketLifetime_s);
  EXPECT_TRUE(store.Seal(SessionOf(4), kNow).empty());
}

TEST(SessionStoreTest, KeepsNothingWithoutRoomOrRandomness) {
  EXPECT_TRUE(Store(0).Seal(SessionOf(1), kNow).empty());
  const auto random = std::make_shared<SeededRandom>(1);
  random->Fail();
  EXPECT_TRUE(SessionStore(random, 60, 3).Seal(SessionOf(1), kNow).empty());
}

}  // namespace
}  // namespace dtls13
