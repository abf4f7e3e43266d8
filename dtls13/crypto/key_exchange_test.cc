#include "dtls13/crypto/key_exchange.h"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/rfc8448_vectors.h"

namespace dtls13 {

class KeyExchangeTestPeer {
 public:
  static std::optional<KeyExchange> FromKey(NamedGroup group, OpenSslPtr<EVP_PKEY> key) {
    return KeyExchange::FromKey(*DefaultAlgorithms(), group, std::move(key));
  }
};

namespace {

constexpr NamedGroup kGroups[] = {NamedGroup::kX25519, NamedGroup::kSecp256r1,
                                  NamedGroup::kSecp384r1};

OpenSslPtr<EVP_PKEY> X25519Key(std::string_view private_hex) {
  const std::vector<uint8_t> bytes = FromHex(private_hex);
  return OpenSslPtr<EVP_PKEY>(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, bytes.data(), bytes.size()));
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
  const auto shared = exchange.Derive(FromHex(peer_hex));
  return shared ? ToHex(shared->bytes()) : "none";
}

// RFC 7748 section 6.1.
TEST(KeyExchangeTest, Rfc7748) {
  const auto bob = KeyExchangeTestPeer::FromKey(
      NamedGroup::kX25519,
      X25519Key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  ASSERT_TRUE(bob);
  EXPECT_EQ(ToHex(bob->public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(DeriveHex(*bob, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

TEST(KeyExchangeTest, Rfc8448) {
  const auto client = KeyExchangeTestPeer::FromKey(NamedGroup::kX25519,
                                                   X25519Key(rfc8448::kSimpleClientPrivateKey));
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

TEST(KeyExchangeTest, TwoSidesAgree) {
  for (NamedGroup group : kGroups) {
    const auto one = KeyExchange::Generate(*DefaultAlgorithms(), group);
    const auto other = KeyExchange::Generate(*DefaultAlgorithms(), group);
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->group(), group);
    EXPECT_EQ(one->public_key().size(), FindNamedGroup(group)->public_key_len);
    EXPECT_NE(ToHex(one->public_key()), ToHex(other->public_key()));
    const auto shared = one->Derive(other->public_key());
    const auto also = other->Derive(one->public_key());
    ASSERT_TRUE(shared && also);
    EXPECT_EQ(shared->size(), FindNamedGroup(group)->shared_secret_len);
    EXPECT_TRUE(shared->EqualsConstantTime(also->bytes()));
  }
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
    std::vector<uint8_t> share(peer->public_key().begin(), peer->public_key().end());
    EXPECT_FALSE(exchange->Derive(std::span(share).first(share.size() - 1)));
    share.push_back(0);
    EXPECT_FALSE(exchange->Derive(share));
    EXPECT_FALSE(exchange->Derive({}));
  }
  ERR_clear_error();
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
    EXPECT_EQ(DeriveHex(*exchange, point), "none") << point;
  }
  ERR_clear_error();
}

//= rfc8446#section-4.2.8.2
//= type=test
//# For the curves secp256r1, secp384r1, and secp521r1, peers MUST
//# validate each other's public value Q by ensuring that the point is a
//# valid point on the elliptic curve.
TEST(KeyExchangeTest, PointsOffTheCurveAreRefused) {
  for (NamedGroup group : {NamedGroup::kSecp256r1, NamedGroup::kSecp384r1}) {
    const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), group);
    const auto peer = KeyExchange::Generate(*DefaultAlgorithms(), group);
    ASSERT_TRUE(exchange && peer);
    const std::vector<uint8_t> share(peer->public_key().begin(), peer->public_key().end());
    std::vector<uint8_t> off_curve = share;
    off_curve.back() ^= 1;
    EXPECT_FALSE(exchange->Derive(off_curve));
    // The origin satisfies no Weierstrass equation with b != 0.
    std::vector<uint8_t> origin(share.size());
    origin[0] = 4;
    EXPECT_FALSE(exchange->Derive(origin));
    // Coordinates that are not reduced.
    std::vector<uint8_t> too_large(share.size(), 0xff);
    too_large[0] = 4;
    EXPECT_FALSE(exchange->Derive(too_large));
    EXPECT_TRUE(exchange->Derive(share));
  }
  ERR_clear_error();
}

TEST(KeyExchangeTest, OtherPointFormsAreRefused) {
  const auto exchange = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kSecp256r1);
  const auto peer = KeyExchange::Generate(*DefaultAlgorithms(), NamedGroup::kSecp256r1);
  ASSERT_TRUE(exchange && peer);
  std::vector<uint8_t> share(peer->public_key().begin(), peer->public_key().end());
  for (uint8_t form : {0, 2, 3, 5, 6, 7}) {
    share[0] = form;
    EXPECT_FALSE(exchange->Derive(share)) << int{form};
  }
  // Compressed, in its own length, and infinity.
  share[0] = 2 + (share.back() & 1);
  EXPECT_FALSE(exchange->Derive(std::span(share).first(33)));
  EXPECT_FALSE(exchange->Derive(std::vector<uint8_t>{0}));
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13
