// SPDX-License-Identifier: Apache-2.0
#include "dtls13/peer_verifier.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

using Chain = std::vector<std::vector<uint8_t>>;

constexpr WallTime kNow{std::chrono::seconds(1750000000)};

class PeerVerifierTest : public testing::Test {
 protected:
  PeerVerifierTest() : key_(NewTestKey("P-256")) {
    TestCertificate wanted;
    wanted.key = key_.get();
    wanted.issuer_key = key_.get();
    wanted.alternative_names = "DNS:server.example.org";
    certificate_ = MakeCertificate(wanted);
    PeerVerifier::Options options;
    options.ca_pem = ToPem(certificate_);
    verifier_ = PeerVerifier::Create(DefaultAlgorithms(), options, &error_);
    EXPECT_NE(verifier_, nullptr) << error_;
  }

  OpenSslPtr<EVP_PKEY> key_;
  std::vector<uint8_t> certificate_;
  std::string error_;
  std::unique_ptr<PeerVerifier> verifier_;
};

TEST_F(PeerVerifierTest, TrustedServer) {
  const auto result = verifier_->Verify(Chain{certificate_}, "server.example.org", kNow);
  EXPECT_TRUE(result.ok) << result.text;
  EXPECT_EQ(result.x509_error, X509_V_OK);
}

// A certificate for the one is none for the other.
TEST_F(PeerVerifierTest, ClientsAndServersAreToldApart) {
  for (const bool is_client : {false, true}) {
    const std::vector<uint8_t> certificate =
        MakeCertificate({.key = key_.get(),
                         .issuer_key = key_.get(),
                         .key_purpose = is_client ? "clientAuth" : "serverAuth"});
    for (const bool verifies_clients : {false, true}) {
      const auto verifier = PeerVerifier::Create(
          DefaultAlgorithms(), {.ca_pem = ToPem(certificate), .verifies_clients = verifies_clients},
          &error_);
      ASSERT_NE(verifier, nullptr) << error_;
      const auto result = verifier->Verify(Chain{certificate}, "", kNow);
      EXPECT_EQ(result.ok, is_client == verifies_clients) << result.text;
      if (!result.ok) {
        EXPECT_EQ(result.alert, AlertDescription::kUnsupportedCertificate);
      }
    }
  }
}

TEST_F(PeerVerifierTest, EachRefusalHasItsAlert) {
  auto result = verifier_->Verify(Chain{certificate_}, "other.example.org", kNow);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.x509_error, X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(result.alert, AlertDescription::kBadCertificate);
  EXPECT_STREQ(result.text, "hostname mismatch");

  result = verifier_->Verify(Chain{certificate_}, "server.example.org",
                             kNow + std::chrono::hours(24 * 365 * 10));
  EXPECT_EQ(result.alert, AlertDescription::kCertificateExpired);

  const OpenSslPtr<EVP_PKEY> stranger = NewTestKey("P-256");
  const std::vector<uint8_t> unknown = MakeCertificate({.common_name = "stranger",
                                                        .issuer_name = "nobody",
                                                        .key = stranger.get(),
                                                        .issuer_key = stranger.get()});
  result = verifier_->Verify(Chain{unknown}, "", kNow);
  EXPECT_FALSE(result.ok);
  EXPECT_EQ(result.alert, AlertDescription::kUnknownCa);

  EXPECT_FALSE(verifier_->Verify({}, "", kNow).ok);
  ERR_clear_error();
}

TEST_F(PeerVerifierTest, SaysWhyItCannotBeMade) {
  PeerVerifier::Options options;
  EXPECT_EQ(PeerVerifier::Create(DefaultAlgorithms(), options, &error_), nullptr);
  EXPECT_EQ(error_, "No trust anchors were given, so no peer could be verified.");
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_EQ(PeerVerifier::Create(DefaultAlgorithms(), options, &error_), nullptr);
  EXPECT_EQ(error_, "Cannot read certificates from /nowhere/ca.pem.");
  options.ca_file.clear();
  options.ca_directory = "/nowhere";
  EXPECT_EQ(PeerVerifier::Create(DefaultAlgorithms(), options, &error_), nullptr);
  EXPECT_EQ(error_, "/nowhere is not a directory.");
  options.ca_directory.clear();
  options.ca_pem = "nothing";
  EXPECT_EQ(PeerVerifier::Create(DefaultAlgorithms(), options, &error_), nullptr);
  EXPECT_EQ(error_, "The given text holds no certificate in PEM form, or a damaged one.");
  ERR_clear_error();
}

TEST_F(PeerVerifierTest, SystemDefaultsTrustNoStranger) {
  PeerVerifier::Options options;
  options.system_defaults = true;
  const auto verifier = PeerVerifier::Create(DefaultAlgorithms(), options, &error_);
  ASSERT_NE(verifier, nullptr) << error_;
  EXPECT_FALSE(verifier->Verify(Chain{certificate_}, "server.example.org", kNow).ok);
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13
