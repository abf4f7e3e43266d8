// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/key_exchange.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/ml_kem.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/rfc8448_vectors.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {

class KeyExchangeTestPeer {
 public:
  static std::optional<KeyExchange> FromKey(NamedGroup group, OpenSslPtr<EVP_PKEY> key) {
    return KeyExchange::FromKeys(*DefaultAlgorithms(), group, std::move(key), nullptr);
  }
};

namespace {

constexpr NamedGroup kGroups[] = {NamedGroup::kX25519,
                                  NamedGroup::kX448,
                                  NamedGroup::kSecp256r1,
                                  NamedGroup::kSecp384r1,
                                  NamedGroup::kSecp521r1,
                                  NamedGroup::kBrainpoolP256r1Tls13,
                                  NamedGroup::kBrainpoolP384r1Tls13,
                                  NamedGroup::kBrainpoolP512r1Tls13};

OpenSslPtr<EVP_PKEY> RawKey(const char* type, std::string_view private_hex) {
  const Bytes bytes = FromHex(private_hex);
  return OpenSslPtr<EVP_PKEY>(
      EVP_PKEY_new_raw_private_key_ex(nullptr, type, nullptr, bytes.data(), bytes.size()));
}

void ExpectBadShare(const Status& status) {
  EXPECT_EQ(status.reason(), Reason::kBadKeyShare);
  EXPECT_EQ(status.alert(), AlertDescription::kIllegalParameter);
}

// Both sides refuse a share that is wrong whoever sends it.
void ExpectRefused(const KeyExchange& exchange, std::span<const uint8_t> share) {
  Secret secret;
  ExpectBadShare(exchange.Derive(share, &secret));
  EXPECT_TRUE(secret.empty());
  KeyExchange::Response response;
  ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), exchange.group(), share, &response));
  EXPECT_TRUE(response.share.empty());
  EXPECT_TRUE(response.secret.empty());
  ERR_clear_error();
}

OpenSslPtr<EVP_PKEY> EcKey(const char* curve, std::string_view private_hex,
                           std::string_view public_hex) {
  const std::vector<uint8_t> private_bytes = FromHex(private_hex);
  const std::vector<uint8_t> public_bytes = FromHex(public_hex);
  BIGNUM* number = BN_bin2bn(private_bytes.data(), static_cast<int>(private_bytes.size()), nullptr);
  OSSL_PARAM_BLD* builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
  OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number);
  OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public_bytes.data(),
                                   public_bytes.size());
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(builder);
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(builder);
  BN_free(number);
  return OpenSslPtr<EVP_PKEY>(key);
}

std::string DeriveHex(const KeyExchange& exchange, std::string_view peer_hex) {
  Secret shared;
  const Status status = exchange.Derive(FromHex(peer_hex), &shared);
  if (!status.ok()) ExpectBadShare(status);
  return status.ok() ? ToHex(shared.bytes()) : "none";
}

// RFC 7748 section 6.1.
//= rfc8446#section-7.4.2
//= type=test
//# For these curves, implementations SHOULD use the approach specified in
//# [RFC7748] to calculate the Diffie-Hellman shared secret.
TEST(KeyExchangeTest, Rfc7748) {
  const auto bob = KeyExchangeTestPeer::FromKey(
      NamedGroup::kX25519,
      RawKey("X25519", "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  ASSERT_TRUE(bob);
  EXPECT_EQ(ToHex(bob->public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(DeriveHex(*bob, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

// RFC 7748 section 6.2.
TEST(KeyExchangeTest, Rfc7748Curve448) {
  const auto alice = KeyExchangeTestPeer::FromKey(
      NamedGroup::kX448, RawKey("X448",
                                "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28d"
                                "d9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b"));
  ASSERT_TRUE(alice);
  EXPECT_EQ(ToHex(alice->public_key()),
            "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c"
            "22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0");
  EXPECT_EQ(DeriveHex(*alice,
                      "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b430"
                      "27d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609"),
            "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282b"
            "b60c0b56fd2464c335543936521c24403085d59a449a5037514a879d");
}

TEST(KeyExchangeTest, Rfc8448) {
  const auto client = KeyExchangeTestPeer::FromKey(
      NamedGroup::kX25519, RawKey("X25519", rfc8448::kSimpleClientPrivateKey));
  ASSERT_TRUE(client);
  EXPECT_EQ(ToHex(client->public_key()), rfc8448::kSimpleClientPublicKey);
  EXPECT_EQ(DeriveHex(*client, rfc8448::kSimpleServerPublicKey), rfc8448::kSimpleSharedSecret);
}

// NIST CAVS, KAS_ECC_CDH_PrimitiveTest, count 0 of each curve.
TEST(KeyExchangeTest, NistP256) {
  const auto exchange = KeyExchangeTestPeer::FromKey(
      NamedGroup::kSecp256r1,
      EcKey("P-256", "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
            "04ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230"
            "28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141"));
  ASSERT_TRUE(exchange);
  EXPECT_EQ(DeriveHex(*exchange,
                      "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
                      "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"),
            "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b");
}

TEST(KeyExchangeTest, NistP384) {
  const auto exchange = KeyExchangeTestPeer::FromKey(
      NamedGroup::kSecp384r1,
      EcKey("P-384",
            "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
            "ad463b205da88cf699ab4d43c9cf98a1",
            "049803807f2f6d2fd966cdd0290bd410c0190352fbec7ff6247de1302df86f25d3"
            "4fe4a97bef60cff548355c015dbb3e5fba26ca69ec2f5b5d9dad20cc9da71138"
            "3a9dbe34ea3fa5a2af75b46502629ad54dd8b7d73a8abb06a3a3be47d650cc99"));
  ASSERT_TRUE(exchange);
  EXPECT_EQ(DeriveHex(*exchange,
                      "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272"
                      "734466b400091adbf2d68c58e0c50066ac68f19f2e1cb879aed43a9969b91a08"
                      "39c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a"),
            "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457"
            "e5621e766c40a2e3d4d6a04b25e533f1");
}

TEST(KeyExchangeTest, NistP521) {
  const auto exchange = KeyExchangeTestPeer::FromKey(
      NamedGroup::kSecp521r1,
      EcKey("P-521",
            "017eecc07ab4b329068fba65e56a1f8890aa935e57134ae0ffcce802735151f4"
            "eac6564f6ee9974c5e6887a1fefee5743ae2241bfeb95d5ce31ddcb6f9edb4d6fc47",
            "0400602f9d0cf9e526b29e22381c203c48a886c2b0673033366314f1ffbcba240b"
            "a42f4ef38a76174635f91e6b4ed34275eb01c8467d05ca80315bf1a7bbd945f550a5"
            "01b7c85f26f5d4b2d7355cf6b02117659943762b6d1db5ab4f1dbc44ce7b2946eb6c"
            "7de342962893fd387d1b73d7a8672d1f236961170b7eb3579953ee5cdc88cd2d"));
  ASSERT_TRUE(exchange);
  EXPECT_EQ(DeriveHex(*exchange,
                      "0400685a48e86c79f0f0875f7bc18d25eb5fc8c0b07e5da4f4370f3a9490340854"
                      "334b1e1b87fa395464c60626124a4e70d0f785601d37c09870ebf176666877a2046d"
                      "01ba52c56fc8776d9e8f5db4f0cc27636d0b741bbe05400697942e80b739884a83bd"
                      "e99e0f6716939e632bc8986fa18dccd443a348b6c3e522497955a4f3c302f676"),
            "005fc70477c3e63bc3954bd0df3ea0d1f41ee21746ed95fc5e1fdf90930d5e1366"
            "72d72cc770742d1711c3c3a4c334a0ad9759436a4d3c5bf6e74b9578fac148c831");
}

// One secret of 256 begins with a zero.
//= rfc8446#section-7.4.2
//= type=test
//# leading zeros found in this octet string MUST NOT be truncated.
TEST(KeyExchangeTest, SecretsKeepTheirLeadingZeros) {
  constexpr int kManyTimes = 20000;
  for (const NamedGroup group : {NamedGroup::kSecp256r1, NamedGroup::kX25519}) {
    const auto client = KeyExchange::Generate(*DefaultAlgorithms(), group);
    ASSERT_TRUE(client);
    KeyExchange::Response server;
    int i = 0;
    do {
      ASSERT_LT(i++, kManyTimes);
      ASSERT_TRUE(
          KeyExchange::Respond(*DefaultAlgorithms(), group, client->public_key(), &server).ok());
      ASSERT_EQ(server.secret.size(), FindNamedGroup(group)->secret_len());
    } while (server.secret.bytes()[0] != 0);
    Secret secret;
    ASSERT_TRUE(client->Derive(server.share, &secret).ok());
    EXPECT_TRUE(secret.EqualsConstantTime(server.secret.bytes()));
  }
}

void ExpectAgreement(NamedGroup group) {
  const NamedGroupInfo& info = *FindNamedGroup(group);
  const auto client = KeyExchange::Generate(*DefaultAlgorithms(), group);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->group(), group);
  EXPECT_EQ(client->public_key().size(), info.client_share_len());
  KeyExchange::Response server;
  ASSERT_TRUE(
      KeyExchange::Respond(*DefaultAlgorithms(), group, client->public_key(), &server).ok());
  EXPECT_EQ(server.share.size(), info.server_share_len());
  EXPECT_EQ(server.secret.size(), info.secret_len());
  Secret secret;
  ASSERT_TRUE(client->Derive(server.share, &secret).ok());
  EXPECT_TRUE(secret.EqualsConstantTime(server.secret.bytes()));

  KeyExchange::Response other;
  ASSERT_TRUE(KeyExchange::Respond(*DefaultAlgorithms(), group, client->public_key(), &other).ok());
  EXPECT_NE(ToHex(other.share), ToHex(server.share));
  EXPECT_FALSE(other.secret.EqualsConstantTime(server.secret.bytes()));
}

//= rfc8446#section-9.1
//= type=test
//# MUST support key exchange with secp256r1 (NIST P-256) and SHOULD
//# support key exchange with X25519 [RFC7748].
TEST(KeyExchangeTest, TwoSidesAgree) {
  for (NamedGroup group : kGroups) ExpectAgreement(group);
}

TEST(KeyExchangeTest, UnknownGroupsAreNotGenerated) {
  const auto unknown = static_cast<NamedGroup>(0x1a1a);
  EXPECT_FALSE(KeyExchange::IsSupported(*DefaultAlgorithms(), unknown));
  EXPECT_FALSE(KeyExchange::Generate(*DefaultAlgorithms(), unknown));
}

TEST(KeyExchangeTest, WrongLengthsAreRefused) {
  for (NamedGroup group : kGroups) {
    const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), group);
    const auto peer = KeyExchange::Generate(*DefaultAlgorithms(), group);
    ASSERT_TRUE(exchange && peer);
    Bytes share = ToBytes(peer->public_key());
    ExpectRefused(*exchange, std::span(share).first(share.size() - 1));
    share.push_back(0);
    ExpectRefused(*exchange, share);
    ExpectRefused(*exchange, {});
  }
}

//= rfc8446#section-7.4.2
//= type=test
//# Implementations MUST check whether the computed Diffie-Hellman shared
//# secret is the all-zero value and abort if so, as described in
//# Section 6 of [RFC7748].
TEST(KeyExchangeTest, SmallOrderX25519PointsAreRefused) {
  const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kX25519);
  ASSERT_TRUE(exchange);
  for (const char* point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
       }) {
    ExpectRefused(*exchange, FromHex(point));
  }
}

TEST(KeyExchangeTest, SmallOrderX448PointsAreRefused) {
  const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kX448);
  ASSERT_TRUE(exchange);
  Bytes point(56);
  ExpectRefused(*exchange, point);
  point[0] = 1;
  ExpectRefused(*exchange, point);
  // -1 modulo 2^448 - 2^224 - 1.
  point.assign(56, 0xff);
  point[0] = 0xfe;
  point[28] = 0xfe;
  ExpectRefused(*exchange, point);
}

//= rfc8446#section-4.2.8.2
//= type=test
//# For the curves secp256r1, secp384r1, and secp521r1, peers MUST
//# validate each other's public value Q by ensuring that the point is a
//# valid point on the elliptic curve.
TEST(KeyExchangeTest, PointsOffTheCurveAreRefused) {
  for (NamedGroup group :
       {NamedGroup::kSecp256r1, NamedGroup::kSecp384r1, NamedGroup::kSecp521r1}) {
    const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), group);
    const auto peer = KeyExchange::Generate(*DefaultAlgorithms(), group);
    ASSERT_TRUE(exchange && peer);
    const Bytes share = ToBytes(peer->public_key());
    Bytes off_curve = share;
    off_curve.back() ^= 1;
    ExpectRefused(*exchange, off_curve);
    // The origin satisfies no Weierstrass equation with b != 0.
    Bytes origin(share.size());
    origin[0] = 4;
    ExpectRefused(*exchange, origin);
    // Coordinates that are not reduced.
    Bytes too_large(share.size(), 0xff);
    too_large[0] = 4;
    ExpectRefused(*exchange, too_large);
    Secret secret;
    EXPECT_TRUE(exchange->Derive(share, &secret).ok());
  }
}

TEST(KeyExchangeTest, OtherPointFormsAreRefused) {
  const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kSecp256r1);
  const auto peer = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kSecp256r1);
  ASSERT_TRUE(exchange && peer);
  Bytes share = ToBytes(peer->public_key());
  for (uint8_t form : {0, 2, 3, 5, 6, 7}) {
    share[0] = form;
    ExpectRefused(*exchange, share);
  }
  // Compressed, in its own length, and infinity.
  share[0] = 2 + (share.back() & 1);
  ExpectRefused(*exchange, std::span(share).first(33));
  ExpectRefused(*exchange, Bytes{0});
}

// The hybrids of draft-ietf-tls-ecdhe-mlkem. libcrypto has ML-KEM from 3.5 on.
class HybridTest : public testing::TestWithParam<NamedGroup> {
 protected:
  void SetUp() override {
    if (!KeyExchange::IsSupported(*DefaultAlgorithms(), GetParam())) {
      GTEST_SKIP() << "NOT TESTED HERE: this libcrypto (" << OpenSSL_version(OPENSSL_VERSION)
                   << ") has no ML-KEM; its groups need OpenSSL 3.5 or newer";
    }
  }
};

TEST_P(HybridTest, TwoSidesAgree) { ExpectAgreement(GetParam()); }

// A client put together here, by the words of the draft's section 4: its share is `exchange` with
// an encapsulation key of its own, and it opens the server's answer without KeyExchange.
TEST_P(HybridTest, PartsStandWhereTheDraftHasThem) {
  const bool ml_kem_first = GetParam() == NamedGroup::kX25519MlKem768;
  const NamedGroup part = ml_kem_first ? NamedGroup::kX25519 : NamedGroup::kSecp256r1;
  const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), part);
  const auto ml_kem = GenerateMlKemKey(*DefaultAlgorithms(), kMlKem768);
  ASSERT_TRUE(exchange && ml_kem);
  Bytes encapsulation_key(1184);
  ASSERT_TRUE(WriteMlKemEncapsulationKey(ml_kem.get(), encapsulation_key));
  const auto join = [&](Bytes of_exchange, Bytes of_ml_kem) {
    Bytes& whole = ml_kem_first ? of_ml_kem : of_exchange;
    const Bytes& rest = ml_kem_first ? of_exchange : of_ml_kem;
    std::copy(rest.begin(), rest.end(), std::back_inserter(whole));
    return whole;
  };
  const Bytes share = join(ToBytes(exchange->public_key()), encapsulation_key);
  EXPECT_EQ(share.size(), ml_kem_first ? 1216u : 1249u);
  KeyExchange::Response server;
  ASSERT_TRUE(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), share, &server).ok());

  const std::span<const uint8_t> answer(server.share);
  ASSERT_EQ(answer.size(), ml_kem_first ? 1120u : 1153u);
  const auto ciphertext = ml_kem_first ? answer.first(1088) : answer.last(1088);
  const auto public_key = ml_kem_first ? answer.subspan(1088) : answer.first(65);
  Bytes ml_kem_secret(32);
  Secret exchange_secret;
  ASSERT_TRUE(DecapsulateMlKem(*DefaultAlgorithms(), ml_kem.get(), ciphertext, ml_kem_secret));
  ASSERT_TRUE(exchange->Derive(public_key, &exchange_secret).ok());
  EXPECT_EQ(ToHex(server.secret.bytes()),
            ToHex(join(ToBytes(exchange_secret.bytes()), ml_kem_secret)));
}

TEST_P(HybridTest, BadSharesAreRefused) {
  const bool ml_kem_first = GetParam() == NamedGroup::kX25519MlKem768;
  const auto client = KeyExchange::Generate(*DefaultAlgorithms(), GetParam());
  ASSERT_TRUE(client);
  const Bytes share = ToBytes(client->public_key());
  KeyExchange::Response server;
  ASSERT_TRUE(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), share, &server).ok());
  // The two sides' shares differ in length: neither may be taken for the other, nor cut.
  ExpectRefused(*client, std::span(share).first(share.size() - 33));
  Secret secret;
  ExpectBadShare(client->Derive(share, &secret));
  ExpectBadShare(client->Derive(std::span(server.share).first(server.share.size() - 1), &secret));
  KeyExchange::Response response;
  ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), server.share, &response));

  // Coefficients of 4095, which are not below q = 3329 (FIPS 203 section 7.2).
  Bytes bad_key = share;
  std::fill_n(bad_key.begin() + (ml_kem_first ? 0 : 65), 1152, 0xff);
  ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), bad_key, &response));
  // The Diffie-Hellman part is held to its own rules.
  Bytes bad_point = share;
  std::fill_n(bad_point.begin() + (ml_kem_first ? 1184 : 0), ml_kem_first ? 32 : 65, 0);
  ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), bad_point, &response));
  Bytes bad_answer = server.share;
  std::fill_n(bad_answer.begin() + (ml_kem_first ? 1088 : 0), ml_kem_first ? 32 : 65, 0);
  ExpectBadShare(client->Derive(bad_answer, &secret));
  ERR_clear_error();
}

// A ciphertext for another key is no error: it gives a secret that nobody else has.
TEST_P(HybridTest, ChangedCiphertextsGiveAnotherSecret) {
  const auto client = KeyExchange::Generate(*DefaultAlgorithms(), GetParam());
  ASSERT_TRUE(client);
  KeyExchange::Response server;
  ASSERT_TRUE(
      KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), client->public_key(), &server).ok());
  server.share[500] ^= 1;
  Secret secret;
  ASSERT_TRUE(client->Derive(server.share, &secret).ok());
  EXPECT_FALSE(secret.EqualsConstantTime(server.secret.bytes()));
}

INSTANTIATE_TEST_SUITE_P(All, HybridTest,
                         testing::Values(NamedGroup::kX25519MlKem768,
                                         NamedGroup::kSecp256r1MlKem768));

// Every group with a part of ML-KEM; draft-ietf-tls-mlkem has it alone.
class MlKemGroupTest : public HybridTest {};

TEST_P(MlKemGroupTest, TwoSidesAgree) { ExpectAgreement(GetParam()); }

TEST_P(MlKemGroupTest, SharesAndSecretsHaveTheDraftsLengths) {
  constexpr struct {
    NamedGroup group;
    size_t client_share_len;
    size_t server_share_len;
    size_t secret_len;
  } kLengths[] = {{NamedGroup::kMlKem512, 800, 768, 32},
                  {NamedGroup::kMlKem768, 1184, 1088, 32},
                  {NamedGroup::kMlKem1024, 1568, 1568, 32},
                  {NamedGroup::kX25519MlKem768, 1216, 1120, 64},
                  {NamedGroup::kSecp256r1MlKem768, 1249, 1153, 64},
                  {NamedGroup::kSecp384r1MlKem1024, 1665, 1665, 80}};
  const auto* const expected = std::ranges::find_if(
      kLengths, [](const auto& lengths) { return lengths.group == GetParam(); });
  ASSERT_NE(expected, std::end(kLengths));
  const auto client = KeyExchange::Generate(*DefaultAlgorithms(), GetParam());
  ASSERT_TRUE(client);
  EXPECT_EQ(client->public_key().size(), expected->client_share_len);
  KeyExchange::Response server;
  ASSERT_TRUE(
      KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), client->public_key(), &server).ok());
  EXPECT_EQ(server.share.size(), expected->server_share_len);
  EXPECT_EQ(server.secret.bytes().size(), expected->secret_len);
}

TEST_P(MlKemGroupTest, BadKeysAndLengthsAreRefused) {
  const auto client = KeyExchange::Generate(*DefaultAlgorithms(), GetParam());
  ASSERT_TRUE(client);
  const Bytes share = ToBytes(client->public_key());
  KeyExchange::Response server;
  ASSERT_TRUE(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), share, &server).ok());
  KeyExchange::Response response;
  Secret secret;
  for (size_t len : {size_t{0}, size_t{1}, share.size() - 1}) {
    ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(),
                                        std::span(share).first(len), &response));
  }
  for (size_t len : {size_t{0}, size_t{1}, server.share.size() - 1}) {
    ExpectBadShare(client->Derive(std::span(server.share).first(len), &secret));
  }
  // Coefficients of 4095, which are not below q = 3329 (FIPS 203 section 7.2), throughout the key
  // but for its seed.
  const NamedGroupInfo& info = *FindNamedGroup(GetParam());
  constexpr size_t kSeedLen = 32;
  Bytes bad_key = share;
  std::fill_n(
      bad_key.begin() +
          static_cast<ptrdiff_t>(info.order == KemOrder::kLast ? info.public_key_len : size_t{0}),
      info.ml_kem->encapsulation_key_len - kSeedLen, 0xff);
  ExpectBadShare(KeyExchange::Respond(*DefaultAlgorithms(), GetParam(), bad_key, &response));
  ERR_clear_error();
}

INSTANTIATE_TEST_SUITE_P(All, MlKemGroupTest,
                         testing::Values(NamedGroup::kMlKem512, NamedGroup::kMlKem768,
                                         NamedGroup::kMlKem1024, NamedGroup::kX25519MlKem768,
                                         NamedGroup::kSecp256r1MlKem768,
                                         NamedGroup::kSecp384r1MlKem1024));

}  // namespace
}  // namespace dtls13
