// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/subject_public_key.h"
#include "dtls13/crypto/x509_parse.h"

namespace dtls13 {
namespace {

std::vector<uint8_t> CertificateFor(EVP_PKEY* key) {
  return MakeCertificate({.key = key, .issuer_key = key});
}

TEST(CertificateKeyTest, FindsTheKeyOfEveryKind) {
  const struct {
    const char* kind;
    KeyType type;
  } kinds[] = {
      {"P-256", KeyType::kEcdsaP256}, {"P-384", KeyType::kEcdsaP384},
      {"P-521", KeyType::kEcdsaP521}, {"ED25519", KeyType::kEd25519},
      {"ED448", KeyType::kEd448},     {"RSA", KeyType::kRsa},
      {"RSA-PSS", KeyType::kRsaPss},
  };
  for (const auto& [kind, type] : kinds) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    const auto certificate = CertificateKey::Parse(*DefaultAlgorithms(), CertificateFor(key.get()));
    ASSERT_TRUE(certificate) << kind;
    EXPECT_EQ(certificate->type(), type) << kind;
    EXPECT_TRUE(SamePublicKey(certificate->key(), key.get())) << kind;
  }
}

TEST(CertificateKeyTest, KeyVerifiesSignatures) {
  for (const char* kind : {"P-256", "P-384", "ED25519", "RSA"}) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    const auto certificate = CertificateKey::Parse(*DefaultAlgorithms(), CertificateFor(key.get()));
    ASSERT_TRUE(certificate) << kind;
    const std::vector<uint8_t> message = {1, 2, 3};
    for (SignatureScheme scheme : SchemesForKey(key.get())) {
      const auto signature = SignMessage(*DefaultAlgorithms(), key.get(), scheme, message);
      ASSERT_TRUE(signature) << kind;
      EXPECT_TRUE(
          VerifySignature(*DefaultAlgorithms(), certificate->key(), scheme, message, *signature))
          << kind;
    }
  }
}

// Lengths of 0x81 and 0x82 form, long names, and many extensions.
TEST(CertificateKeyTest, LongCertificatesParse) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  std::string names = "DNS:a.example.org";
  for (int i = 0; i < 300; ++i) names += ",DNS:host" + std::to_string(i) + ".example.org";
  TestCertificate wanted{.key = key.get(), .issuer_key = key.get()};
  wanted.alternative_names = names;
  wanted.common_name = std::string(64, 'n');
  const std::vector<uint8_t> der = MakeCertificate(wanted);
  ASSERT_GT(der.size(), 5000u);
  const auto certificate = CertificateKey::Parse(*DefaultAlgorithms(), der);
  ASSERT_TRUE(certificate);
  EXPECT_TRUE(SamePublicKey(certificate->key(), key.get()));
}

TEST(CertificateKeyTest, TruncatedOrLengthenedIsRefused) {
  for (const char* kind : {"P-256", "RSA"}) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    std::vector<uint8_t> der = CertificateFor(key.get());
    for (size_t len = 0; len < der.size(); len += 3) {
      ASSERT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), std::span(der).first(len))) << len;
    }
    der.push_back(0);
    EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), der));
  }
  ERR_clear_error();
}

// The short way past libcrypto's decoder must never find another key than the decoder does,
// whatever byte of the certificate is changed.
TEST(CertificateKeyTest, ShortWayAgreesWithLibcrypto) {
  for (const char* kind : {"P-256", "P-384", "RSA", "ED25519"}) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    const std::vector<uint8_t> der = CertificateFor(key.get());
    ASSERT_TRUE(PlainKeyOfCertificate(*DefaultAlgorithms(), der)) << kind;
    int num_keys = 0;
    for (size_t i = 0; i < der.size(); ++i) {
      std::vector<uint8_t> changed = der;
      changed[i] ^= i % 2 == 0 ? 0x01 : 0x80;
      const OpenSslPtr<EVP_PKEY> found = PlainKeyOfCertificate(*DefaultAlgorithms(), changed);
      const OpenSslPtr<X509> decoded = ParseX509(*DefaultAlgorithms(), changed);
      if (!found || !decoded) continue;
      ++num_keys;
      ASSERT_TRUE(SamePublicKey(found.get(), X509_get0_pubkey(decoded.get()))) << kind << i;
    }
    // Most bytes are names, times and the signature.
    EXPECT_GT(num_keys, 50) << kind;
  }
  ERR_clear_error();
}

// What is not plain is libcrypto's to judge, and leaves no error behind where it takes it.
TEST(CertificateKeyTest, OtherKeysGoTheLongWay) {
  for (const char* kind : {"P-521", "RSA-PSS", "ED448"}) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    const std::vector<uint8_t> der = CertificateFor(key.get());
    EXPECT_FALSE(PlainKeyOfCertificate(*DefaultAlgorithms(), der)) << kind;
    EXPECT_TRUE(CertificateKey::Parse(*DefaultAlgorithms(), der)) << kind;
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(CertificateKeyTest, PointOffTheCurveIsRefused) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  const std::vector<uint8_t> der = CertificateFor(key.get());
  // BIT STRING of 66 bytes, no unused bits, uncompressed.
  const std::vector<uint8_t> marker = {0x03, 0x42, 0x00, 0x04};
  const auto found = std::search(der.begin(), der.end(), marker.begin(), marker.end());
  ASSERT_NE(found, der.end());
  const size_t point = found - der.begin() + 3;
  for (size_t i : {size_t{1}, size_t{32}, size_t{33}, size_t{64}}) {
    std::vector<uint8_t> changed = der;
    changed[point + i] ^= 1;
    EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), changed)) << i;
  }
  std::vector<uint8_t> infinity = der;
  infinity[point] = 0;
  EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), infinity));
  ERR_clear_error();
}

TEST(CertificateKeyTest, GarbageIsRefused) {
  EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), {}));
  EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), std::vector<uint8_t>(400, 0x30)));
  EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), FromHex("3084ffffffff")));
  EXPECT_FALSE(CertificateKey::Parse(*DefaultAlgorithms(), FromHex("3080300000000000")));
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13
