// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/pem.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <string>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/signature.h"

namespace dtls13 {
namespace {

std::string CertificatePem(EVP_PKEY* key, std::vector<uint8_t>* der) {
  *der = MakeCertificate({.key = key, .issuer_key = key});
  return ToPem(*der);
}

TEST(PemPrivateKeyTest, ReadsEveryKind) {
  for (const char* kind : {"P-256", "RSA", "ED25519"}) {
    const OpenSslPtr<EVP_PKEY> key = NewTestKey(kind);
    const PemPrivateKey read = ReadPemPrivateKey(*DefaultAlgorithms(), PrivateKeyPem(key.get()));
    ASSERT_TRUE(read.key) << kind;
    EXPECT_EQ(read.error, nullptr);
    EXPECT_TRUE(SamePublicKey(read.key.get(), key.get())) << kind;
  }
}

TEST(PemPrivateKeyTest, FindsTheKeyBehindACertificate) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  std::vector<uint8_t> der;
  const std::string pem = CertificatePem(key.get(), &der) + PrivateKeyPem(key.get());
  EXPECT_TRUE(ReadPemPrivateKey(*DefaultAlgorithms(), pem).key);
}

TEST(PemPrivateKeyTest, SaysWhyThereIsNone) {
  ERR_clear_error();
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  std::vector<uint8_t> der;
  const std::string only_certificate = CertificatePem(key.get(), &der);
  EXPECT_STREQ(ReadPemPrivateKey(*DefaultAlgorithms(), "").error,
               "holds no private key in PEM form");
  EXPECT_STREQ(ReadPemPrivateKey(*DefaultAlgorithms(), only_certificate).error,
               "holds no private key in PEM form");
  EXPECT_STREQ(
      ReadPemPrivateKey(*DefaultAlgorithms(), PrivateKeyPem(key.get(), "passphrase")).error,
      "holds an encrypted private key, which takes a passphrase");
  std::string damaged = PrivateKeyPem(key.get());
  damaged.replace(damaged.find('\n') + 5, 4, "****");
  EXPECT_STREQ(ReadPemPrivateKey(*DefaultAlgorithms(), damaged).error,
               "holds a private key that is damaged or of an unsupported kind");
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(PemCertificatesTest, ReadsAllInOrder) {
  ERR_clear_error();
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  std::vector<uint8_t> first;
  std::vector<uint8_t> second;
  std::string pem = "a comment\n" + CertificatePem(key.get(), &first);
  pem += PrivateKeyPem(key.get());
  pem += CertificatePem(key.get(), &second) + "the end\n";
  const auto certificates = ReadPemCertificates(*DefaultAlgorithms(), pem);
  ASSERT_TRUE(certificates);
  ASSERT_EQ(certificates->size(), 2u);
  EXPECT_EQ((*certificates)[0], first);
  EXPECT_EQ((*certificates)[1], second);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(PemCertificatesTest, DamageAndAbsenceAreRefused) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  std::vector<uint8_t> der;
  const std::string good = CertificatePem(key.get(), &der);
  EXPECT_FALSE(ReadPemCertificates(*DefaultAlgorithms(), ""));
  EXPECT_FALSE(ReadPemCertificates(*DefaultAlgorithms(), PrivateKeyPem(key.get())));
  std::string damaged = good;
  damaged.replace(damaged.find('\n') + 5, 4, "****");
  EXPECT_FALSE(ReadPemCertificates(*DefaultAlgorithms(), good + damaged));
  EXPECT_FALSE(ReadPemCertificates(*DefaultAlgorithms(), good +
                                                             "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                                             "-----END CERTIFICATE-----\n"));
  EXPECT_EQ(ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace dtls13
