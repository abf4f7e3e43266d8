// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/ticket_keyring.h"

#include <gtest/gtest.h>

#include <thread>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
constexpr TicketKeyring::Options kOptions{.lifetime = std::chrono::seconds(60),
                                          .rotation = std::chrono::seconds(600)};

WallTime After(int seconds) { return kNow + std::chrono::seconds(seconds); }

std::shared_ptr<TicketKeyring> Keyring(uint64_t seed = 1) {
  return TicketKeyring::Create(TestAlgorithms(), std::make_shared<SeededRandom>(seed), kOptions);
}

Session SessionOf(uint32_t lifetime_s = 60, WallTime issued_at = kNow) {
  Session session;
  session.suite = CipherSuiteId::kAes128GcmSha256;
  session.psk = Secret::CopyOf(Bytes(32, 0xc1));
  session.lifetime_s = lifetime_s;
  session.age_add = 0x01020304;
  session.issued_at = issued_at;
  session.server_name = "server.example";
  session.peer_certificates = {Bytes(700, 3)};
  return session;
}

TicketKey Key(uint8_t name, uint8_t value) {
  TicketKey key;
  key.name.fill(name);
  key.key = Secret::CopyOf(Bytes(kTicketKeyLen, value));
  return key;
}

std::vector<TicketKey> Keys(TicketKey first) {
  std::vector<TicketKey> keys;
  keys.push_back(std::move(first));
  return keys;
}

std::vector<TicketKey> Keys(TicketKey first, TicketKey second) {
  std::vector<TicketKey> keys = Keys(std::move(first));
  keys.push_back(std::move(second));
  return keys;
}

TEST(TicketKeyringTest, OpensWhatItSealed) {
  const auto keyring = Keyring();
  Session session = SessionOf();
  session.ticket = Bytes(5, 5);
  const Bytes ticket = keyring->Seal(session, kNow);
  ASSERT_FALSE(ticket.empty());
  const auto opened = keyring->Open(ticket, After(59));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->suite, CipherSuiteId::kAes128GcmSha256);
  EXPECT_TRUE(opened->psk.EqualsConstantTime(Bytes(32, 0xc1)));
  EXPECT_EQ(opened->age_add, 0x01020304u);
  EXPECT_EQ(opened->issued_at, kNow);
  EXPECT_EQ(opened->server_name, "server.example");
  EXPECT_EQ(opened->peer_certificates, session.peer_certificates);
  EXPECT_TRUE(opened->ticket.empty()) << "a ticket does not carry an older one";
}

//= rfc8446#section-4.6.1
//= type=test
//# It MAY be either a database lookup key or a self-encrypted and
//# self-authenticated value.
TEST(TicketKeyringTest, NothingOfTheSessionIsInClear) {
  const Bytes ticket = Keyring()->Seal(SessionOf(), kNow);
  const std::string text(ticket.begin(), ticket.end());
  EXPECT_EQ(text.find("server.example"), std::string::npos);
  EXPECT_EQ(text.find(std::string(8, '\xc1')), std::string::npos);
}

TEST(TicketKeyringTest, SameSessionTwiceGivesTwoTickets) {
  const auto keyring = Keyring();
  EXPECT_NE(keyring->Seal(SessionOf(), kNow), keyring->Seal(SessionOf(), kNow));
}

TEST(TicketKeyringTest, RefusesEveryChangedByteAndEveryTruncation) {
  const auto keyring = Keyring();
  const Bytes ticket = keyring->Seal(SessionOf(), kNow);
  for (size_t i = 0; i < ticket.size(); ++i) {
    Bytes forged = ticket;
    forged[i] ^= 0x40;
    ASSERT_FALSE(keyring->Open(forged, kNow).has_value()) << i;
    ASSERT_FALSE(keyring->Open(std::span<const uint8_t>(ticket).first(i), kNow).has_value()) << i;
  }
  Bytes longer = ticket;
  longer.push_back(0);
  EXPECT_FALSE(keyring->Open(longer, kNow).has_value());
}

TEST(TicketKeyringTest, ExpiresWithTheSession) {
  const auto keyring = Keyring();
  const Bytes ticket = keyring->Seal(SessionOf(), kNow);
  const auto session = keyring->Open(ticket, After(60));
  ASSERT_TRUE(session.has_value());
  EXPECT_TRUE(IsExpired(*session, After(60)));
}

TEST(TicketKeyringTest, AnotherServersTicketIsNothing) {
  EXPECT_FALSE(Keyring(2)->Open(Keyring(1)->Seal(SessionOf(), kNow), kNow).has_value());
}

TEST(TicketKeyringTest, ThePreviousKeyOpensAndTheOneBeforeDoesNot) {
  const auto keyring = Keyring();
  const Bytes ticket = keyring->Seal(SessionOf(5000), kNow);
  EXPECT_TRUE(keyring->Open(ticket, After(599)).has_value());
  EXPECT_TRUE(keyring->Open(ticket, After(600)).has_value()) << "first rotation";
  const Bytes next = keyring->Seal(SessionOf(5000), After(600));
  EXPECT_NE(Bytes(next.begin(), next.begin() + kTicketKeyNameLen),
            Bytes(ticket.begin(), ticket.begin() + kTicketKeyNameLen));
  EXPECT_FALSE(keyring->Open(ticket, After(1200)).has_value()) << "second rotation";
  EXPECT_TRUE(keyring->Open(next, After(1200)).has_value());
}

TEST(TicketKeyringTest, NoTicketOutlivesItsKey) {
  const auto keyring = TicketKeyring::Create(
      TestAlgorithms(), std::make_shared<SeededRandom>(1),
      {.lifetime = std::chrono::seconds(7200), .rotation = std::chrono::seconds(60)});
  const Bytes ticket = keyring->Seal(SessionOf(7200), kNow);
  for (int seconds = 0; seconds < 7200; seconds += 60)
    ASSERT_TRUE(keyring->Open(ticket, After(seconds)).has_value()) << seconds;
}

//= rfc8446#section-4.6.1
//= type=test
//# Servers MUST NOT use any value greater than
//# 604800 seconds (7 days).
TEST(TicketKeyringTest, LifetimeIsAtMostSevenDays) {
  const auto lifetime = [](int64_t seconds) {
    return TicketKeyring::Create(TestAlgorithms(), std::make_shared<SeededRandom>(1),
                                 {.lifetime = std::chrono::seconds(seconds)})
        ->lifetime_s();
  };
  EXPECT_EQ(lifetime(604800), 604800u);
  EXPECT_EQ(lifetime(604801), 604800u);
  EXPECT_EQ(lifetime(-1), 0u);
}

TEST(TicketKeyringTest, AFleetSharesKeysAndRotatesThem) {
  const auto one = Keyring(1);
  const auto two = Keyring(2);
  ASSERT_TRUE(one->SetKeys(Keys(Key(1, 0x11))));
  ASSERT_TRUE(two->SetKeys(Keys(Key(1, 0x11))));
  const Bytes ticket = one->Seal(SessionOf(), kNow);
  EXPECT_TRUE(two->Open(ticket, kNow).has_value());

  ASSERT_TRUE(two->SetKeys(Keys(Key(2, 0x22), Key(1, 0x11))));
  EXPECT_TRUE(two->Open(ticket, kNow).has_value());
  const Bytes next = two->Seal(SessionOf(), kNow);
  EXPECT_FALSE(one->Open(next, kNow).has_value()) << "sealed with the first key";

  ASSERT_TRUE(two->SetKeys(Keys(Key(2, 0x22))));
  EXPECT_FALSE(two->Open(ticket, kNow).has_value());
  EXPECT_TRUE(two->Open(next, kNow).has_value());
}

TEST(TicketKeyringTest, OneNameWithTwoKeysIsAForgery) {
  const auto one = Keyring(1);
  const auto two = Keyring(2);
  ASSERT_TRUE(one->SetKeys(Keys(Key(1, 0x11))));
  ASSERT_TRUE(two->SetKeys(Keys(Key(1, 0x12))));
  EXPECT_FALSE(two->Open(one->Seal(SessionOf(), kNow), kNow).has_value());
}

TEST(TicketKeyringTest, SharedKeysEndOurOwn) {
  const auto keyring = Keyring();
  const Bytes own = keyring->Seal(SessionOf(), kNow);
  ASSERT_TRUE(keyring->SetKeys(Keys(Key(1, 0x11))));
  EXPECT_FALSE(keyring->Open(own, kNow).has_value());
}

TEST(TicketKeyringTest, RefusesKeysThatAreNone) {
  const auto keyring = Keyring();
  EXPECT_FALSE(keyring->SetKeys({}));
  TicketKey cut = Key(1, 1);
  cut.key = Secret::CopyOf(Bytes(kTicketKeyLen - 1, 1));
  EXPECT_FALSE(keyring->SetKeys(Keys(std::move(cut))));
  std::vector<TicketKey> many;
  for (size_t i = 0; i <= TicketKeyring::kMaxKeys; ++i)
    many.push_back(Key(static_cast<uint8_t>(i), 1));
  EXPECT_FALSE(keyring->SetKeys(std::move(many)));
  EXPECT_TRUE(keyring->Open(keyring->Seal(SessionOf(), kNow), kNow).has_value());
}

TEST(TicketKeyringTest, NoTicketForASessionThatIsTooLong) {
  const auto keyring = Keyring();
  Session session = SessionOf();
  session.peer_certificates = {Bytes(kMaxSealedTicketLen, 1)};
  EXPECT_TRUE(keyring->Seal(session, kNow).empty());
}

TEST(TicketKeyringTest, NoTicketWithoutRandomness) {
  const auto random = std::make_shared<SeededRandom>(1);
  const auto keyring = TicketKeyring::Create(TestAlgorithms(), random, kOptions);
  const Bytes ticket = keyring->Seal(SessionOf(), kNow);
  ASSERT_FALSE(ticket.empty());
  random->Fail();
  EXPECT_TRUE(keyring->Seal(SessionOf(), kNow).empty()) << "no nonce";
  EXPECT_TRUE(keyring->Seal(SessionOf(), After(600)).empty()) << "no key";
}

TEST(TicketKeyringTest, ServesThreads) {
  const auto keyring = TicketKeyring::Create(TestAlgorithms(), SystemRandom(nullptr), kOptions);
  std::vector<std::thread> threads;
  std::vector<int> failures(4);
  for (size_t i = 0; i < failures.size(); ++i) {
    threads.emplace_back([&keyring, &failures, i] {
      for (int n = 0; n < 50; ++n) {
        // Threads rotate under one another.
        const Bytes ticket = keyring->Seal(SessionOf(10000), After(10 * n));
        if (!keyring->Open(ticket, After(10 * n)).has_value()) ++failures[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, std::vector<int>(4, 0));
}

TEST(TicketKeyringTest, DerivedKeysAreThoseOfTheirSecret) {
  const Bytes secret(80, 7);
  const auto one = DeriveTicketKey(*TestAlgorithms(), secret);
  const auto same = DeriveTicketKey(*TestAlgorithms(), secret);
  ASSERT_TRUE(one.has_value() && same.has_value());
  EXPECT_EQ(one->key.size(), kTicketKeyLen);
  EXPECT_EQ(one->name, same->name);
  EXPECT_TRUE(one->key.EqualsConstantTime(same->key.bytes()));
  for (size_t i = 0; i < secret.size(); ++i) {
    Bytes other_secret = secret;
    other_secret[i] ^= 1;
    const auto other = DeriveTicketKey(*TestAlgorithms(), other_secret);
    ASSERT_TRUE(other.has_value());
    EXPECT_NE(one->name, other->name) << i;
    EXPECT_FALSE(one->key.EqualsConstantTime(other->key.bytes())) << i;
  }
}

}  // namespace
}  // namespace dtls13
