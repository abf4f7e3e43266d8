// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/cookie.h"

#include <gtest/gtest.h>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};
const Bytes kAddress = {192, 0, 2, 1, 0x11, 0x22};

WallTime After(int seconds) { return kNow + std::chrono::seconds(seconds); }

CookieContents Contents() {
  return {.suite = CipherSuiteId::kAes128GcmSha256,
          .group = NamedGroup::kSecp256r1,
          .client_hello_hash = Bytes(32, 0x5a),
          .application_cookie = {1, 2, 3},
          .retry_extensions = {4, 5}};
}

std::shared_ptr<CookieKeyring> Keyring(uint64_t seed = 1) {
  return CookieKeyring::Create(
      TestAlgorithms(), std::make_shared<SeededRandom>(seed),
      {.lifetime = std::chrono::seconds(60), .rotation = std::chrono::seconds(600)});
}

TEST(CookieTest, OpensWhatItSealed) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  ASSERT_FALSE(cookie.empty());
  const auto opened = keyring->Open(cookie, kAddress, After(1));
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->suite, CipherSuiteId::kAes128GcmSha256);
  EXPECT_EQ(opened->group, NamedGroup::kSecp256r1);
  EXPECT_EQ(opened->client_hello_hash, Bytes(32, 0x5a));
  EXPECT_EQ(opened->application_cookie, (Bytes{1, 2, 3}));
  EXPECT_EQ(opened->retry_extensions, (Bytes{4, 5}));
}

TEST(CookieTest, NoGroupAndLimitsOfTheApplicationCookie) {
  const auto keyring = Keyring();
  CookieContents contents = Contents();
  contents.group.reset();
  contents.application_cookie.assign(255, 7);
  const auto opened = keyring->Open(keyring->Seal(contents, kAddress, kNow), kAddress, kNow);
  ASSERT_TRUE(opened.has_value());
  EXPECT_FALSE(opened->group.has_value());
  EXPECT_EQ(opened->application_cookie, Bytes(255, 7));

  contents.application_cookie.push_back(7);
  EXPECT_TRUE(keyring->Seal(contents, kAddress, kNow).empty());
  contents = Contents();
  contents.retry_extensions.assign(kMaxRetryExtensionsLen, 7);
  EXPECT_FALSE(keyring->Seal(contents, kAddress, kNow).empty());
  contents.retry_extensions.push_back(7);
  EXPECT_TRUE(keyring->Seal(contents, kAddress, kNow).empty());
}

//= rfc9147#section-5.1
//= type=test
//# If the client's apparent IP address is embedded in
//# the cookie, this prevents an attacker from generating an acceptable
//# ClientHello apparently from another user.
//= rfc9147#section-11
//= type=test
//# The cookie MUST depend on the client's address.
TEST(CookieTest, IsBoundToTheAddress) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  Bytes other = kAddress;
  other.back() ^= 1;
  EXPECT_FALSE(keyring->Open(cookie, other, kNow).has_value());
  EXPECT_FALSE(keyring->Open(cookie, {}, kNow).has_value());
  other = kAddress;
  other.push_back(0);
  EXPECT_FALSE(keyring->Open(cookie, other, kNow).has_value());
}

TEST(CookieTest, AddressAndCookieCannotTradeBytes) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  // The same concatenation, cut one byte later.
  Bytes longer_address = kAddress;
  longer_address.push_back(cookie.front());
  EXPECT_FALSE(
      keyring->Open(Bytes(cookie.begin() + 1, cookie.end()), longer_address, kNow).has_value());
}

//= rfc9147#section-11
//= type=test
//# It MUST NOT be possible for anyone other than the issuing entity to
//# generate cookies that are accepted as valid by that entity.
TEST(CookieTest, EveryChangedOrMissingByteIsRefused) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  for (size_t i = 0; i < cookie.size(); ++i) {
    Bytes forged = cookie;
    forged[i] ^= 0x01;
    EXPECT_FALSE(keyring->Open(forged, kAddress, kNow).has_value()) << i;
    EXPECT_FALSE(keyring->Open(std::span(cookie).first(i), kAddress, kNow).has_value()) << i;
  }
  Bytes longer = cookie;
  longer.push_back(0);
  EXPECT_FALSE(keyring->Open(longer, kAddress, kNow).has_value());
}

//= rfc9147#section-5.1
//= type=test
//# Alternatively, the server can store timestamps in the cookie and
//# reject cookies that were generated outside a certain interval of
//# time.
TEST(CookieTest, Expires) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  EXPECT_TRUE(keyring->Open(cookie, kAddress, After(60)).has_value());
  EXPECT_FALSE(keyring->Open(cookie, kAddress, After(61)).has_value());
  // The clock was set back: a little is no harm, much is not in time either.
  EXPECT_TRUE(keyring->Open(cookie, kAddress, After(-60)).has_value());
  EXPECT_FALSE(keyring->Open(cookie, kAddress, After(-61)).has_value());
}

//= rfc9147#section-5.1
//= type=test
//# It is RECOMMENDED that servers implement a key rotation
//# scheme that allows the server to manage keys with overlapping
//# lifetimes.
TEST(CookieTest, SurvivesOneRotationAndNotTwo) {
  // A lifetime past both rotations, so that only the keys decide.
  const auto keyring = CookieKeyring::Create(
      TestAlgorithms(), std::make_shared<SeededRandom>(1),
      {.lifetime = std::chrono::hours(10), .rotation = std::chrono::seconds(600)});
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  const Bytes second = keyring->Seal(Contents(), kAddress, After(600));
  EXPECT_NE(Bytes(cookie.end() - 16, cookie.end()), Bytes(second.end() - 16, second.end()));
  EXPECT_TRUE(keyring->Open(cookie, kAddress, After(601)).has_value());
  EXPECT_TRUE(keyring->Open(second, kAddress, After(601)).has_value());
  EXPECT_FALSE(keyring->Open(cookie, kAddress, After(1200)).has_value());
  EXPECT_TRUE(keyring->Open(second, kAddress, After(1200)).has_value());
}

TEST(CookieTest, IdleKeyringForgetsBothKeys) {
  const auto keyring = CookieKeyring::Create(
      TestAlgorithms(), std::make_shared<SeededRandom>(1),
      {.lifetime = std::chrono::hours(10), .rotation = std::chrono::seconds(600)});
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  EXPECT_FALSE(keyring->Open(cookie, kAddress, After(1200)).has_value());
}

TEST(CookieTest, AnEarlierClockDoesNotRotate) {
  const auto keyring = Keyring();
  const Bytes cookie = keyring->Seal(Contents(), kAddress, kNow);
  // An association that was made an hour ago still has that hour's time.
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(keyring->Seal(Contents(), kAddress, After(-3600)).empty());
    EXPECT_TRUE(keyring->Open(cookie, kAddress, After(i)).has_value());
  }
}

TEST(CookieTest, KeyringsDoNotShareKeys) {
  const Bytes cookie = Keyring(1)->Seal(Contents(), kAddress, kNow);
  EXPECT_FALSE(Keyring(2)->Open(cookie, kAddress, kNow).has_value());
}

TEST(CookieTest, NoRandomnessNoCookie) {
  const auto random = std::make_shared<SeededRandom>(1);
  const auto keyring = CookieKeyring::Create(TestAlgorithms(), random, {});
  random->Fail();
  EXPECT_TRUE(keyring->Seal(Contents(), kAddress, kNow).empty());
}

}  // namespace
}  // namespace dtls13
