// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/legacy_hello.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/message/client_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

void Append(Bytes* out, const Bytes& more) { out->insert(out->end(), more.begin(), more.end()); }

// A ClientHello of DTLS 1.2 with these extensions.
Bytes Dtls12Hello(const Bytes& extensions) {
  Bytes body = {0xfe, 0xfd};
  Append(&body, Bytes(kRandomLen, 7));
  Append(&body, {2, 8, 9});                             // session_id
  Append(&body, {0});                                   // cookie
  Append(&body, {0, 4, 0xc0, 0x2b, 0x00, 0xff, 1, 0});  // suites, compression
  body.push_back(static_cast<uint8_t>(extensions.size() >> 8));
  body.push_back(static_cast<uint8_t>(extensions.size()));
  Append(&body, extensions);
  return body;
}

TEST(LegacyHelloTest, KeepsWhatOnlyOlderVersionsHave) {
  const Bytes body = Dtls12Hello({
      0,    10,   0, 6, 0, 4, 0, 29,  0,   23,  // supported_groups
      0,    13,   0, 4, 0, 2, 2, 3,             // signature_algorithms: ecdsa_sha1
      0,    16,   0, 5, 0, 3, 2, 'h', '2',      // alpn, which DTLS 1.3 has itself
      0,    23,   0, 0,                         // extended_master_secret
      0xff, 0x01, 0, 1, 0,                      // renegotiation_info
  });
  const auto legacy = ReadLegacyHello(body);
  ASSERT_TRUE(legacy.has_value());
  EXPECT_EQ(legacy->random, Bytes(kRandomLen, 7));
  EXPECT_EQ(legacy->session_id, (Bytes{8, 9}));
  EXPECT_EQ(legacy->versions, (std::vector<uint16_t>{kDtls12Version}));
  EXPECT_EQ(legacy->cipher_suites, (std::vector<uint16_t>{0xc02b, 0x00ff}));
  EXPECT_EQ(legacy->groups, (std::vector<uint16_t>{29, 23}));
  EXPECT_EQ(legacy->signature_schemes, (std::vector<uint16_t>{0x0203}));
  ASSERT_EQ(legacy->extensions.size(), 2u);
  EXPECT_EQ(legacy->extensions[0].type, 23);
  EXPECT_EQ(legacy->extensions[1].type, 0xff01);
  EXPECT_EQ(legacy->extensions[1].data, Bytes{0});
}

//= rfc8446#section-4.2.3
//= type=test
//# Clients offering these values MUST list them as the lowest priority
//# (listed after all other algorithms in SignatureSchemeList).
TEST(LegacyHelloTest, Sha1SchemesComeLast) {
  const auto legacy = ReadLegacyHello(
      Dtls12Hello({0, 13, 0, 12, 0, 10, 2, 3, 4, 3, 2, 1, 4, 2, 4, 1}));  // SHA-1, SHA-256 mixed
  ASSERT_TRUE(legacy.has_value());
  EXPECT_EQ(legacy->signature_schemes,
            (std::vector<uint16_t>{0x0403, 0x0402, 0x0401, 0x0203, 0x0201}));
}

TEST(LegacyHelloTest, RefusesWhatIsNone) {
  EXPECT_FALSE(ReadLegacyHello({}).has_value());
  Bytes cut = Dtls12Hello({0, 23, 0, 0});
  cut.pop_back();
  EXPECT_FALSE(ReadLegacyHello(cut).has_value());
  // One of DTLS 1.3 is nobody's past.
  EXPECT_FALSE(ReadLegacyHello(Dtls12Hello({0, 43, 0, 3, 2, 0xfe, 0xfc})).has_value());
}

// What one hello offers is answered by servers of both versions: each finds its own in it.
//= rfc8446#section-4.2.1
//= type=test
//# if previous versions of TLS are allowed to be negotiated, they MUST be
//# present as well
//= rfc8446#appendix-D.1
//= type=test
//# this practice is vulnerable to downgrade attacks and is NOT
//# RECOMMENDED.
TEST(LegacyHelloTest, IsOfferedBehindOurOwn) {
  const auto legacy = ReadLegacyHello(Dtls12Hello({0, 10, 0, 4, 0, 2, 0, 22, 0, 23, 0, 0}));
  ASSERT_TRUE(legacy.has_value());
  ClientHelloFields fields;
  fields.random = legacy->random;
  fields.legacy_session_id = legacy->session_id;
  fields.cipher_suites = {CipherSuiteId::kAes128GcmSha256};
  fields.groups = {NamedGroup::kX25519};
  fields.signature_schemes = {SignatureScheme::kEd25519};
  fields.key_shares = {{NamedGroup::kX25519, Bytes(32, 1)}};
  fields.psks = {{.identity = Bytes{1}, .obfuscated_ticket_age = 0, .binder_len = 32}};
  fields.legacy = *legacy;
  std::vector<ExtensionType> offered;
  const Bytes body = SerializeClientHello(fields, &offered);
  const auto hello = ParseClientHello(body);
  ASSERT_TRUE(hello.has_value());
  EXPECT_TRUE(OffersDtls13(*hello));
  EXPECT_EQ(hello->cipher_suites.size(), 3u);
  EXPECT_EQ(hello->cipher_suites[0], 0x1301);
  EXPECT_EQ(hello->cipher_suites[1], 0xc02b);
  EXPECT_EQ(*hello->extensions.Find(ExtensionType::kSupportedVersions)->rbegin(), 0xfd);
  EXPECT_EQ(ParseCodePointList(*hello->extensions.Find(ExtensionType::kSupportedGroups))->size(),
            2u);
  EXPECT_TRUE(hello->extensions.Has(ExtensionType::kExtendedMasterSecret));
  EXPECT_TRUE(hello->extensions.IsLast(ExtensionType::kPreSharedKey));
  // Nothing of it may be answered by a server that chooses DTLS 1.3.
  EXPECT_EQ(std::ranges::find(offered, ExtensionType::kExtendedMasterSecret), offered.end());
}

}  // namespace
}  // namespace dtls13
