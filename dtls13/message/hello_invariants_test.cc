// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/hello_invariants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Extensions = std::vector<RawExtension>;

constexpr HandshakeType kCH = HandshakeType::kClientHello;

Bytes HelloBody() {
  ClientHelloFields fields;
  fields.random = Bytes(kRandomLen, 3);
  fields.legacy_session_id = Bytes(4, 9);
  fields.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
  fields.server_name = "server.test";
  fields.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
  fields.signature_schemes = {SignatureScheme::kEd25519};
  fields.key_shares = {{NamedGroup::kX25519, Bytes(32, 1)}};
  fields.cookie = Bytes(20, 5);
  std::vector<ExtensionType> offered;
  return SerializeClientHello(fields, &offered);
}

HelloDigest Digest(const Bytes& body) {
  const auto hello = ParseClientHello(body);
  EXPECT_TRUE(hello.has_value());
  const auto digest = DigestInvariants(*TestAlgorithms(), *hello);
  EXPECT_TRUE(digest.has_value());
  return *digest;
}

Bytes Edited(const std::function<void(Extensions*)>& edit) {
  Bytes body = HelloBody();
  EditExtensions(kCH, &body, edit);
  return body;
}

//= rfc8446#section-4.1.2
//= type=test
//# In that case, the client MUST send the same
//# ClientHello without modification, except as follows:
TEST(HelloInvariantsTest, LeavesOutWhatMayChange) {
  const HelloDigest digest = Digest(HelloBody());
  for (const ExtensionType type : {ExtensionType::kKeyShare, ExtensionType::kCookie,
                                   ExtensionType::kEarlyData, ExtensionType::kPreSharedKey,
                                   ExtensionType::kPadding, ExtensionType::kEncryptedClientHello}) {
    Bytes body = HelloBody();
    SetExtension(kCH, &body, type, Bytes(7, 7));
    EXPECT_EQ(Digest(body), digest) << static_cast<int>(type);
    RemoveExtension(kCH, &body, type);
    EXPECT_EQ(Digest(body), digest) << static_cast<int>(type);
  }
}

//= rfc8446#section-4.1.2
//= type=test
//# Other modifications that may be allowed by an extension defined in
//# the future and present in the HelloRetryRequest.
TEST(HelloInvariantsTest, LeavesOutWhatTheHelloRetryRequestAsksFor) {
  constexpr auto kType = static_cast<ExtensionType>(0xfe01);
  const Bytes block = {0xfe, 0x01, 0, 1, 7};
  const auto retry = ExtensionBlock::Parse(block);
  ASSERT_TRUE(retry.has_value());
  const auto digest = [](const Bytes& body, const ExtensionBlock& asked) {
    const auto hello = ParseClientHello(body);
    EXPECT_TRUE(hello.has_value());
    return DigestInvariants(*TestAlgorithms(), *hello, asked);
  };
  Bytes body = HelloBody();
  SetExtension(kCH, &body, kType, Bytes(7, 7));
  EXPECT_NE(digest(body, {}), digest(HelloBody(), {}));
  EXPECT_EQ(digest(body, *retry), digest(HelloBody(), *retry));
}

// wolfSSL's client puts supported_versions and cookie first in its second hello, and only there.
TEST(HelloInvariantsTest, HoldsNoOrder) {
  const Bytes reordered = Edited([](Extensions* all) { std::ranges::reverse(*all); });
  EXPECT_NE(reordered, HelloBody());
  EXPECT_EQ(Digest(reordered), Digest(HelloBody()));
}

TEST(HelloInvariantsTest, HoldsEverythingElse) {
  const HelloDigest digest = Digest(HelloBody());
  // legacy_version, random, legacy_session_id, cipher_suites.
  for (const size_t offset : {1, 2, 33, 35, 38, 43}) {
    Bytes body = HelloBody();
    body[offset] ^= 1;
    EXPECT_NE(Digest(body), digest) << offset;
  }
  const std::vector<std::function<void(Extensions*)>> kEdits = {
      [](Extensions* all) { all->erase(all->begin()); },
      [](Extensions* all) { all->push_back({.type = 0x1a1a, .data = {}}); },
      [](Extensions* all) { all->front().data.back() ^= 1; },
      [](Extensions* all) { all->front().data.push_back(0); },
  };
  for (size_t i = 0; i < kEdits.size(); ++i) EXPECT_NE(Digest(Edited(kEdits[i])), digest) << i;
}

TEST(HelloInvariantsTest, FindsACookieThatIsWholeInThePrefix) {
  const Bytes body = HelloBody();
  size_t first_found = 0;
  for (size_t len = 0; len <= body.size(); ++len) {
    const auto cookie = FindCookieInPrefix(std::span(body).first(len));
    if (!cookie.has_value()) {
      EXPECT_EQ(first_found, 0u);
      continue;
    }
    EXPECT_EQ(Bytes(cookie->begin(), cookie->end()), Bytes(20, 5));
    if (first_found == 0) first_found = len;
  }
  // It stands near the front, so that a first fragment has it (wolfSSL's server needs that too).
  EXPECT_GT(first_found, 0u);
  EXPECT_LT(first_found, 100u);
  Bytes without = body;
  RemoveExtension(kCH, &without, ExtensionType::kCookie);
  EXPECT_FALSE(FindCookieInPrefix(without).has_value());
  Bytes malformed = body;
  SetExtension(kCH, &malformed, ExtensionType::kCookie, {0, 9, 1});
  EXPECT_FALSE(FindCookieInPrefix(malformed).has_value());
}

}  // namespace
}  // namespace dtls13
