// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk_importer.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <tuple>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

const Bytes kIdentity = {'d', 'e', 'v', '-', '1'};
const Bytes kContext = {0xc0, 0xc1};
const Bytes kKey(40, 0x5e);

const EVP_MD* Md(HashId hash) { return hash == HashId::kSha256 ? EVP_sha256() : EVP_sha384(); }

// The computation of RFC 9258 section 5.1 once more, from HMAC upwards: what this library's own
// HKDF does wrong would not show otherwise.
Bytes RawHmac(HashId hash, const Bytes& key, const Bytes& data) {
  Bytes mac(HashLen(hash));
  unsigned len = 0;
  EXPECT_NE(HMAC(Md(hash), key.data(), static_cast<int>(key.size()), data.data(), data.size(),
                 mac.data(), &len),
            nullptr);
  return mac;
}

Bytes RawImport(HashId hash, const Bytes& identity, size_t len) {
  const Bytes epskx = RawHmac(hash, Bytes(HashLen(hash), 0), kKey);
  Bytes identity_hash(HashLen(hash));
  EXPECT_EQ(EVP_Digest(identity.data(), identity.size(), identity_hash.data(), nullptr, Md(hash),
                       nullptr),
            1);
  const std::string label = "dtls13derived psk";
  Bytes info = {0, static_cast<uint8_t>(len), static_cast<uint8_t>(label.size())};
  info.insert(info.end(), label.begin(), label.end());
  info.push_back(static_cast<uint8_t>(identity_hash.size()));
  info.insert(info.end(), identity_hash.begin(), identity_hash.end());
  Bytes out;
  Bytes block;
  for (uint8_t counter = 1; out.size() < len; ++counter) {
    Bytes input = block;
    input.insert(input.end(), info.begin(), info.end());
    input.push_back(counter);
    block = RawHmac(hash, epskx, input);
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(len);
  return out;
}

Epsk External(HashId hash = HashId::kSha256) {
  return {.external_identity = kIdentity, .key = kKey, .hash = hash, .context = kContext};
}

class PskImporterTest : public testing::TestWithParam<std::tuple<HashId, HashId>> {};

//= rfc9258#section-5.1
//= type=test
//# ImportedIdentity.target_protocol MUST be the (D)TLS protocol version
//# for which the PSK is being imported.
TEST_P(PskImporterTest, MatchesAnIndependentComputation) {
  const auto [hash, target] = GetParam();
  const auto imported = ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, External(hash), target);
  ASSERT_TRUE(imported.has_value());
  const Bytes identity = FromHex(std::string("0005") + "6465762d31" + "0002c0c1" + "fefc" +
                                 (target == HashId::kSha256 ? "0001" : "0002"));
  EXPECT_EQ(ToHex(imported->identity), ToHex(identity));
  EXPECT_EQ(imported->hash, target);
  EXPECT_TRUE(imported->imported);
  EXPECT_EQ(ToHex(imported->key.bytes()), ToHex(RawImport(hash, identity, HashLen(target))));
}

INSTANTIATE_TEST_SUITE_P(HashesAndTargets, PskImporterTest,
                         testing::Combine(testing::Values(HashId::kSha256, HashId::kSha384),
                                          testing::Values(HashId::kSha256, HashId::kSha384)));

TEST(PskImporterTest, EveryInputMakesAnotherKey) {
  const auto key = [](const Epsk& external, HashId target) {
    const auto imported = ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, target);
    return imported.has_value() ? ToHex(imported->key.bytes().first(32)) : std::string();
  };
  const std::string base = key(External(), HashId::kSha256);
  EXPECT_NE(base, "");
  EXPECT_NE(key(External(), HashId::kSha384), base);
  EXPECT_NE(key(External(HashId::kSha384), HashId::kSha256), base);
  Epsk other = External();
  other.context = {};
  EXPECT_NE(key(other, HashId::kSha256), base);
  other = External();
  other.external_identity = kContext;
  EXPECT_NE(key(other, HashId::kSha256), base);
  other = External();
  other.key = kIdentity;
  EXPECT_NE(key(other, HashId::kSha256), base);
}

TEST(PskImporterTest, ParsesWhatItSerialized) {
  const ImportedIdentity identity{.external_identity = kIdentity,
                                  .context = kContext,
                                  .target_protocol = 0xfefc,
                                  .target_kdf = KdfId::kHkdfSha384};
  const Bytes bytes = SerializeImportedIdentity(identity);
  const auto parsed = ParseImportedIdentity(bytes);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->external_identity, kIdentity);
  EXPECT_EQ(parsed->context, kContext);
  EXPECT_EQ(parsed->target_protocol, 0xfefc);
  EXPECT_EQ(parsed->target_kdf, KdfId::kHkdfSha384);
}

TEST(PskImporterTest, RefusesEveryTruncationTrailingBytesAndNoIdentity) {
  Bytes bytes = SerializeImportedIdentity(
      {.external_identity = kIdentity, .context = {}, .target_protocol = 0xfefc});
  for (size_t len = 0; len < bytes.size(); ++len) {
    EXPECT_FALSE(ParseImportedIdentity(std::span<const uint8_t>(bytes).first(len)).has_value())
        << len;
  }
  bytes.push_back(0);
  EXPECT_FALSE(ParseImportedIdentity(bytes).has_value());
  EXPECT_FALSE(ParseImportedIdentity(FromHex("00000000fefc0001")).has_value());
}

//= rfc9258#section-5.1
//= type=test
//# Therefore, the PSK importer interface SHOULD reject
//# any ImportedIdentity that exceeds this size.
TEST(PskImporterTest, RejectsIdentitiesThatNoClientHelloCarries) {
  Epsk external = External();
  const Bytes longest(0xffff - 2 - 4 - 4, 'x');  // kContext with its length, and the targets
  external.external_identity = longest;
  EXPECT_TRUE(
      ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, HashId::kSha256).has_value());
  const Bytes longer(longest.size() + 1, 'x');
  external.external_identity = longer;
  EXPECT_FALSE(
      ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, HashId::kSha256).has_value());
  const Bytes overflowing(70000, 'x');
  external.external_identity = overflowing;
  EXPECT_FALSE(
      ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, HashId::kSha256).has_value());
}

TEST(PskImporterTest, RefusesAnEmptyIdentityAndAnEmptyKey) {
  Epsk external = External();
  external.external_identity = {};
  EXPECT_FALSE(
      ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, HashId::kSha256).has_value());
  external = External();
  external.key = {};
  EXPECT_FALSE(
      ImportPsk(*DefaultAlgorithms(), kRfc9147Profile, external, HashId::kSha256).has_value());
}

}  // namespace
}  // namespace dtls13
