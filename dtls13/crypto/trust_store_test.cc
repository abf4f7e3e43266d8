// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/trust_store.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <cstdio>
#include <string>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"

namespace dtls13 {
namespace {

using Chain = std::vector<std::vector<uint8_t>>;

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds(1750000000)};

// root signs intermediate signs leaf, for server.example.org, *.wild.example.org and 192.0.2.7.
class TrustStoreTest : public testing::Test {
 protected:
  TrustStoreTest()
      : root_key_(NewTestKey("P-256")),
        intermediate_key_(NewTestKey("P-256")),
        leaf_key_(NewTestKey("P-256")) {
    root_ = MakeCertificate({.common_name = "root",
                             .issuer_name = "root",
                             .key = root_key_.get(),
                             .issuer_key = root_key_.get(),
                             .is_ca = true});
    intermediate_ = MakeCertificate({.common_name = "intermediate",
                                     .issuer_name = "root",
                                     .key = intermediate_key_.get(),
                                     .issuer_key = root_key_.get(),
                                     .is_ca = true});
    leaf_.common_name = "leaf";
    leaf_.issuer_name = "intermediate";
    leaf_.key = leaf_key_.get();
    leaf_.issuer_key = intermediate_key_.get();
    leaf_.alternative_names = "DNS:server.example.org,DNS:*.wild.example.org,IP:192.0.2.7";
    leaf_.key_purpose = "serverAuth";
    store_ = TrustStore::Create(DefaultAlgorithms());
    EXPECT_TRUE(store_->AddPem(ToPem(root_)));
  }

  Chain GoodChain() const { return {MakeCertificate(leaf_), intermediate_}; }
  int Verify(const Chain& chain, const std::string& name = "server.example.org",
             std::chrono::sys_seconds now = kNow) const {
    return store_->VerifyServer(chain, name, now);
  }

  OpenSslPtr<EVP_PKEY> root_key_;
  OpenSslPtr<EVP_PKEY> intermediate_key_;
  OpenSslPtr<EVP_PKEY> leaf_key_;
  std::vector<uint8_t> root_;
  std::vector<uint8_t> intermediate_;
  TestCertificate leaf_;
  std::unique_ptr<TrustStore> store_;
};

TEST_F(TrustStoreTest, GoodChainVerifies) {
  ERR_clear_error();
  EXPECT_EQ(Verify(GoodChain()), X509_V_OK);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

//= rfc8446#section-4.4.2.2
//= type=test
//# The certificate MUST allow the key to be used for signing (i.e.,
//# the digitalSignature bit MUST be set if the Key Usage extension is
//# present)
TEST_F(TrustStoreTest, AKeyForEncryptionAloneDoesNotSign) {
  leaf_.key_usage = "digitalSignature";
  EXPECT_EQ(Verify(GoodChain()), X509_V_OK);
  leaf_.key_usage = "keyEncipherment";
  EXPECT_EQ(Verify(GoodChain()), X509_V_ERR_INVALID_PURPOSE);
}

TEST_F(TrustStoreTest, NameIsCompared) {
  const Chain chain = GoodChain();
  EXPECT_EQ(Verify(chain, "other.example.org"), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(Verify(chain, "a.wild.example.org"), X509_V_OK);
  EXPECT_EQ(Verify(chain, "a.b.wild.example.org"), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(Verify(chain, "192.0.2.7"), X509_V_OK);
  EXPECT_EQ(Verify(chain, "192.0.2.8"), X509_V_ERR_IP_ADDRESS_MISMATCH);
  EXPECT_EQ(Verify(chain, "leaf"), X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_EQ(Verify(chain, ""), X509_V_OK);
}

TEST_F(TrustStoreTest, NameWithANulByteIsRefused) {
  const std::string name("server.example.org\0.evil.org", 28);
  EXPECT_NE(Verify(GoodChain(), name), X509_V_OK);
  ERR_clear_error();
}

TEST_F(TrustStoreTest, TimeIsTheArgument) {
  const Chain chain = GoodChain();
  const auto at = [](int64_t seconds) {
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
  };
  EXPECT_EQ(Verify(chain, "", at(leaf_.not_before - 10)), X509_V_ERR_CERT_NOT_YET_VALID);
  EXPECT_EQ(Verify(chain, "", at(leaf_.not_after + 10)), X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST_F(TrustStoreTest, UntrustedChains) {
  EXPECT_EQ(Verify({}), X509_V_ERR_INVALID_CALL);
  EXPECT_EQ(Verify({MakeCertificate(leaf_)}), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
  const Chain self_signed = {
      MakeCertificate({.key = leaf_key_.get(), .issuer_key = leaf_key_.get()})};
  EXPECT_EQ(Verify(self_signed, ""), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  // Signed by another key than the intermediate's.
  TestCertificate forged = leaf_;
  forged.issuer_key = leaf_key_.get();
  EXPECT_EQ(Verify({MakeCertificate(forged), intermediate_}), X509_V_ERR_CERT_SIGNATURE_FAILURE);
}

TEST_F(TrustStoreTest, LeafMayNotIssue) {
  leaf_.is_ca = false;
  const std::vector<uint8_t> leaf = MakeCertificate(leaf_);
  TestCertificate below = leaf_;
  below.common_name = "below";
  below.issuer_name = "leaf";
  below.issuer_key = leaf_key_.get();
  EXPECT_EQ(Verify({MakeCertificate(below), leaf, intermediate_}), X509_V_ERR_INVALID_CA);
}

TEST_F(TrustStoreTest, PurposeIsServer) {
  leaf_.key_purpose = "clientAuth";
  EXPECT_EQ(Verify(GoodChain()), X509_V_ERR_INVALID_PURPOSE);
}

//= rfc8446#appendix-C.2
//= type=test
//# Applications SHOULD also enforce minimum and maximum key sizes.
TEST_F(TrustStoreTest, ShortKeysAreRefused) {
  const OpenSslPtr<EVP_PKEY> short_key = NewTestKey("RSA", 1024);
  leaf_.key = short_key.get();
  EXPECT_EQ(Verify(GoodChain()), X509_V_ERR_EE_KEY_TOO_SMALL);
}

//= rfc8446#section-4.4.2.4
//= type=test
//# Any endpoint receiving any certificate which it would need to validate
//# using any signature algorithm using an MD5 hash MUST abort the
//# handshake with a "bad_certificate" alert.
//= rfc8446#section-4.4.2.4
//= type=test
//# SHA-1 is deprecated, and it is RECOMMENDED that any endpoint receiving
//# any certificate which it would need to validate using any signature
//# algorithm using a SHA-1 hash abort the handshake with a
//# "bad_certificate" alert.
//= rfc8446#section-4.4.2.4
//= type=test
//# a certificate containing a key for one signature algorithm MAY be
//# signed using a different signature algorithm
TEST_F(TrustStoreTest, WeakSignaturesAreRefused) {
  const OpenSslPtr<EVP_PKEY> rsa_key = NewTestKey("RSA", 2048);
  const std::vector<uint8_t> issuer = MakeCertificate({.common_name = "rsa",
                                                       .issuer_name = "root",
                                                       .key = rsa_key.get(),
                                                       .issuer_key = root_key_.get(),
                                                       .is_ca = true});
  leaf_.issuer_name = "rsa";
  leaf_.issuer_key = rsa_key.get();
  EXPECT_EQ(Verify({MakeCertificate(leaf_), issuer}), X509_V_OK);
  for (const char* digest : {"MD5", "SHA1"}) {
    leaf_.digest = digest;
    const int error = Verify({MakeCertificate(leaf_), issuer});
    EXPECT_EQ(error, X509_V_ERR_CA_MD_TOO_WEAK) << digest;
    EXPECT_EQ(AlertForVerifyError(error), AlertDescription::kBadCertificate);
  }
}

//= rfc8446#section-4.4.2
//= type=test
//# SHOULD be prepared to handle potentially extraneous certificates and
//# arbitrary orderings from any TLS version, with the exception of the
//# end-entity certificate which MUST be first.
TEST_F(TrustStoreTest, OrderAndStrangersBehindTheLeafDoNotMatter) {
  const OpenSslPtr<EVP_PKEY> second_key = NewTestKey("P-256");
  const std::vector<uint8_t> second = MakeCertificate({.common_name = "second",
                                                       .issuer_name = "intermediate",
                                                       .key = second_key.get(),
                                                       .issuer_key = intermediate_key_.get(),
                                                       .is_ca = true});
  leaf_.issuer_name = "second";
  leaf_.issuer_key = second_key.get();
  const std::vector<uint8_t> leaf = MakeCertificate(leaf_);
  const std::vector<uint8_t> stranger =
      MakeCertificate({.key = leaf_key_.get(), .issuer_key = leaf_key_.get()});
  EXPECT_EQ(Verify({leaf, intermediate_, second}), X509_V_OK);
  EXPECT_EQ(Verify({leaf, stranger, root_, intermediate_, second}), X509_V_OK);
  EXPECT_NE(Verify({second, leaf, intermediate_}), X509_V_OK) << "the leaf comes first";
}

TEST_F(TrustStoreTest, CertificatesThatDoNotParseAreRefused) {
  Chain chain = GoodChain();
  chain[1].pop_back();
  EXPECT_EQ(Verify(chain), X509_V_ERR_CERT_REJECTED);
  chain = GoodChain();
  chain[0] = {1, 2, 3};
  EXPECT_EQ(Verify(chain), X509_V_ERR_CERT_REJECTED);
  ERR_clear_error();
}

TEST_F(TrustStoreTest, AnchorsFromAFile) {
  const std::string path = testing::TempDir() + "/trust_store_test.pem";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  const std::string pem = ToPem(root_);
  ASSERT_EQ(std::fwrite(pem.data(), 1, pem.size(), file), pem.size());
  std::fclose(file);
  store_ = TrustStore::Create(DefaultAlgorithms());
  EXPECT_NE(Verify(GoodChain()), X509_V_OK);
  ASSERT_TRUE(store_->AddFile(path));
  EXPECT_EQ(Verify(GoodChain()), X509_V_OK);
  EXPECT_FALSE(store_->AddFile(path + ".missing"));
  EXPECT_FALSE(store_->AddPem("nothing"));
  std::remove(path.c_str());
  ERR_clear_error();
}

TEST(AlertForVerifyErrorTest, IsLibssls) {
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_CERT_HAS_EXPIRED),
            AlertDescription::kCertificateExpired);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_CERT_REVOKED), AlertDescription::kCertificateRevoked);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_CERT_SIGNATURE_FAILURE),
            AlertDescription::kDecryptError);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
            AlertDescription::kUnknownCa);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_HOSTNAME_MISMATCH), AlertDescription::kBadCertificate);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_INVALID_PURPOSE),
            AlertDescription::kUnsupportedCertificate);
  EXPECT_EQ(AlertForVerifyError(X509_V_ERR_INVALID_CALL), AlertDescription::kInternalError);
  EXPECT_EQ(AlertForVerifyError(9999), AlertDescription::kCertificateUnknown);
  EXPECT_STREQ(VerifyErrorText(X509_V_OK), "ok");
}

}  // namespace
}  // namespace dtls13
