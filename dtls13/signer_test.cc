// SPDX-License-Identifier: Apache-2.0
#include "dtls13/signer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <cstdio>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/signature.h"

namespace dtls13 {
namespace {

std::string WriteFile(const std::string& name, const std::string& contents) {
  const std::string path = testing::TempDir() + "/" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  EXPECT_NE(file, nullptr);
  EXPECT_EQ(std::fwrite(contents.data(), 1, contents.size(), file), contents.size());
  std::fclose(file);
  return path;
}

std::vector<uint8_t> CertificateFor(EVP_PKEY* key) {
  return MakeCertificate({.key = key, .issuer_key = key});
}

TEST(SignerTest, SignsWhatItsKeyCan) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  const auto signer = Signer::FromKey(DefaultAlgorithms(), key.get());
  ASSERT_NE(signer, nullptr);
  EXPECT_EQ(signer->schemes(),
            std::vector<SignatureScheme>{SignatureScheme::kEcdsaSecp256r1Sha256});
  const std::vector<uint8_t> input = {1, 2, 3};
  const auto signature = signer->Sign(SignatureScheme::kEcdsaSecp256r1Sha256, input);
  ASSERT_TRUE(signature);
  EXPECT_TRUE(VerifySignature(*DefaultAlgorithms(), key.get(),
                              SignatureScheme::kEcdsaSecp256r1Sha256, input, *signature));
  EXPECT_FALSE(signer->Sign(SignatureScheme::kRsaPssRsaeSha256, input));
}

TEST(SignerTest, OutlivesTheCallersReference) {
  OpenSslPtr<EVP_PKEY> key = NewTestKey("ED25519");
  const auto signer = Signer::FromKey(DefaultAlgorithms(), key.get());
  key.reset();
  EXPECT_TRUE(signer->Sign(SignatureScheme::kEd25519, std::vector<uint8_t>{1}));
}

TEST(SignerTest, KeysWithoutASchemeAreRefused) {
  EXPECT_EQ(Signer::FromKey(DefaultAlgorithms(), nullptr), nullptr);
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("X25519");
  EXPECT_EQ(Signer::FromKey(DefaultAlgorithms(), key.get()), nullptr);
  std::string error;
  EXPECT_EQ(Signer::FromPem(DefaultAlgorithms(), PrivateKeyPem(key.get()), &error), nullptr);
  EXPECT_EQ(error, "The given text holds a private key that TLS 1.3 has no signature scheme for.");
}

TEST(SignerTest, LoadsKeyAndChain) {
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-384");
  const OpenSslPtr<EVP_PKEY> other = NewTestKey("P-384");
  const std::vector<uint8_t> leaf = CertificateFor(key.get());
  const std::vector<uint8_t> issuer = CertificateFor(other.get());
  const std::string key_path = WriteFile("signer_key.pem", PrivateKeyPem(key.get()));
  const std::string chain_path = WriteFile("signer_chain.pem", ToPem(leaf) + ToPem(issuer));
  const std::string wrong_path = WriteFile("signer_wrong.pem", ToPem(issuer) + ToPem(leaf));
  std::string error;
  const auto signer = Signer::LoadPem(DefaultAlgorithms(), key_path, &error);
  ASSERT_NE(signer, nullptr) << error;
  const auto credential = signer->LoadCredential(chain_path, &error);
  ASSERT_NE(credential, nullptr) << error;
  EXPECT_EQ(credential->chain, (std::vector<std::vector<uint8_t>>{leaf, issuer}));
  EXPECT_EQ(credential->schemes, signer->schemes());
  EXPECT_TRUE(signer->MatchesCertificate(leaf));
  EXPECT_FALSE(signer->MatchesCertificate(issuer));
  EXPECT_FALSE(signer->MatchesCertificate({}));
  EXPECT_EQ(signer->LoadCredential(wrong_path, &error), nullptr);
  EXPECT_EQ(error,
            "The first certificate of " + wrong_path + " does not belong to the private key.");
  EXPECT_EQ(signer->LoadCredential(key_path, &error), nullptr);
  EXPECT_EQ(error, key_path + " holds no certificate in PEM form, or a damaged one.");
  ERR_clear_error();
}

TEST(SignerTest, SaysWhyNothingWasLoaded) {
  std::string error;
  EXPECT_EQ(Signer::LoadPem(DefaultAlgorithms(), "/nowhere/key.pem", &error), nullptr);
  EXPECT_EQ(error, "Cannot read /nowhere/key.pem: No such file or directory.");
  EXPECT_EQ(Signer::LoadPem(DefaultAlgorithms(), "/dev/zero", &error), nullptr);
  EXPECT_EQ(error, "/dev/zero is larger than 1 MiB, so it is no PEM file of ours.");
  EXPECT_EQ(Signer::LoadPem(DefaultAlgorithms(), "/", &error), nullptr);
  EXPECT_EQ(error, "Cannot read /: Is a directory.");
  const OpenSslPtr<EVP_PKEY> key = NewTestKey("P-256");
  const std::string path = WriteFile("signer_secret.pem", PrivateKeyPem(key.get(), "passphrase"));
  EXPECT_EQ(Signer::LoadPem(DefaultAlgorithms(), path, &error), nullptr);
  EXPECT_EQ(error, path + " holds an encrypted private key, which takes a passphrase.");
}

}  // namespace
}  // namespace dtls13
