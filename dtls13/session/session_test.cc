// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

WallTime After(int64_t seconds) { return kNow + std::chrono::seconds(seconds); }

Session FullSession() {
  Session session;
  session.suite = CipherSuiteId::kAes256GcmSha384;
  session.psk = Secret::CopyOf(Bytes(48, 0xc1));
  session.ticket = Bytes(300, 0x11);
  session.lifetime_s = 7200;
  session.age_add = 0xfffffff0;
  session.issued_at = kNow;
  session.authenticated_at = After(-86400);
  session.max_early_data_len = 16384;
  session.replay_guard = 0x0102030405060708;
  session.server_name = "server.example";
  session.alpn = {'c', 'o', 'a', 'p'};
  session.peer_certificates = {Bytes(900, 1), Bytes(1200, 2)};
  session.application_data = Bytes(40, 3);
  return session;
}

TEST(SessionTest, ParsesWhatItSerialized) {
  const Session session = FullSession();
  const Bytes bytes = SerializeSession(session);
  const auto parsed = ParseSession(bytes);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->suite, session.suite);
  EXPECT_TRUE(parsed->psk.EqualsConstantTime(session.psk.bytes()));
  EXPECT_EQ(parsed->ticket, session.ticket);
  EXPECT_EQ(parsed->lifetime_s, session.lifetime_s);
  EXPECT_EQ(parsed->age_add, session.age_add);
  EXPECT_EQ(parsed->issued_at, session.issued_at);
  EXPECT_EQ(parsed->authenticated_at, session.authenticated_at);
  EXPECT_EQ(parsed->max_early_data_len, session.max_early_data_len);
  EXPECT_EQ(parsed->replay_guard, session.replay_guard);
  EXPECT_EQ(parsed->server_name, session.server_name);
  EXPECT_EQ(parsed->alpn, session.alpn);
  EXPECT_EQ(parsed->peer_certificates, session.peer_certificates);
  EXPECT_EQ(parsed->application_data, session.application_data);
  EXPECT_EQ(SerializeSession(*parsed), bytes);
}

TEST(SessionTest, MakesItsBytesInOneAllocation) {
  const Bytes bytes = SerializeSession(FullSession());
  EXPECT_EQ(bytes.capacity(), bytes.size()) << "a vector that grew left copies of the key";
}

TEST(SessionTest, RefusesEveryTruncationAndTrailingBytes) {
  Bytes bytes = SerializeSession(FullSession());
  for (size_t len = 0; len < bytes.size(); ++len)
    ASSERT_FALSE(ParseSession(std::span<const uint8_t>(bytes).first(len)).has_value()) << len;
  bytes.push_back(0);
  EXPECT_FALSE(ParseSession(bytes).has_value());
}

TEST(SessionTest, RefusesOtherVersionsAndSuites) {
  const Bytes bytes = SerializeSession(FullSession());
  Bytes other = bytes;
  other[0] = 2;
  EXPECT_FALSE(ParseSession(other).has_value());
  other = bytes;
  other[2] = 0x05;  // TLS_AES_128_CCM_8_SHA256
  EXPECT_FALSE(ParseSession(other).has_value());
  other[2] = 0x01;  // its hash is shorter than the key
  EXPECT_FALSE(ParseSession(other).has_value());
}

TEST(SessionTest, RefusesAnIssueTimeBeyondAllTime) {
  const Session session = FullSession();
  Bytes bytes = SerializeSession(session);
  const size_t issued_at = 1 + 2 + 1 + 48 + 2 + 300 + 4 + 4;
  for (const size_t at : {issued_at, issued_at + 8}) {
    bytes[at] = 0x80;
    EXPECT_FALSE(ParseSession(bytes).has_value());
    bytes[at] = 0;
  }
  EXPECT_TRUE(ParseSession(bytes).has_value());
}

TEST(SessionTest, SerializesNothingThatItWouldNotParse) {
  Session session = FullSession();
  session.psk = Secret::CopyOf(Bytes(32, 1));
  EXPECT_TRUE(SerializeSession(session).empty());

  session = FullSession();
  session.server_name.assign(256, 'a');
  EXPECT_TRUE(SerializeSession(session).empty());

  session = FullSession();
  session.ticket.assign(65536, 1);
  EXPECT_TRUE(SerializeSession(session).empty());

  session = FullSession();
  session.peer_certificates = {Bytes(kMaxSessionCertificatesLen - 3, 1)};
  EXPECT_TRUE(ParseSession(SerializeSession(session)).has_value());
  session.peer_certificates[0].push_back(1);
  EXPECT_TRUE(SerializeSession(session).empty());

  session = FullSession();
  session.application_data = Bytes(kMaxApplicationDataLen, 1);
  EXPECT_TRUE(ParseSession(SerializeSession(session)).has_value());
  session.application_data.push_back(1);
  EXPECT_TRUE(SerializeSession(session).empty());
}

TEST(SessionTest, AgeIsInMillisecondsAndWrapsWhenObfuscated) {
  const Session session = FullSession();
  EXPECT_EQ(SessionAgeMs(session, After(5)), 5000u);
  EXPECT_EQ(ObfuscatedAge(session, After(5)), 4984u);
  EXPECT_EQ(AgeFromObfuscated(session, 4984), 5000u);
}

TEST(SessionTest, AClockThatWasSetBackGivesNoAge) {
  const Session session = FullSession();
  EXPECT_EQ(SessionAgeMs(session, After(-100)), 0u);
  EXPECT_FALSE(IsExpired(session, After(-100)));
}

TEST(SessionTest, ExpiresWithItsLifetime) {
  Session session = FullSession();
  EXPECT_FALSE(IsExpired(session, After(7199)));
  EXPECT_TRUE(IsExpired(session, After(7200)));
  session.lifetime_s = 0;
  EXPECT_TRUE(IsExpired(session, kNow));
}

//= rfc8446#section-4.6.1
//= type=test
//# Clients MUST NOT cache
//# tickets for longer than 7 days, regardless of the ticket_lifetime,
TEST(SessionTest, NoLifetimeIsLongerThanSevenDays) {
  Session session = FullSession();
  session.lifetime_s = 0xffffffff;
  EXPECT_FALSE(IsExpired(session, After(604799)));
  EXPECT_TRUE(IsExpired(session, After(604800)));
  EXPECT_TRUE(IsExpired(session, WallTime::max()));
}

}  // namespace
}  // namespace dtls13
