// SPDX-License-Identifier: Apache-2.0
// Which version a server takes that may have nothing to prove itself with in DTLS 1.3. What works
// over DTLS 1.2 goes on working.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstring>
#include <string>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr char kRelaxed[] = "ALL:aNULL:@SECLEVEL=0";

int NoCertificate(SSL* /*ssl*/, void* /*arg*/) { return 1; }

int NameIsFine(SSL* /*ssl*/, int* /*alert*/, void* /*arg*/) { return SSL_TLSEXT_ERR_OK; }

unsigned int ServerKey(SSL* /*ssl*/, const char* /*identity*/, unsigned char* key,
                       unsigned int /*max_len*/) {
  std::memset(key, 5, 16);
  return 16;
}

unsigned int ClientKey(SSL* /*ssl*/, const char* /*hint*/, char* identity,
                       unsigned int /*max_identity_len*/, unsigned char* key,
                       unsigned int /*max_len*/) {
  std::strcpy(identity, "client");
  std::memset(key, 5, 16);
  return 16;
}

// Short, and quick to make: for security level 0.
OpenSslPtr<EVP_PKEY> MakeDsaKey() {
  OpenSslPtr<EVP_PKEY_CTX> making(EVP_PKEY_CTX_new_from_name(nullptr, "DSA", nullptr));
  EVP_PKEY* parameters = nullptr;
  EVP_PKEY_paramgen_init(making.get());
  EVP_PKEY_CTX_set_dsa_paramgen_bits(making.get(), 1024);
  EVP_PKEY_paramgen(making.get(), &parameters);
  const OpenSslPtr<EVP_PKEY> owned(parameters);
  making.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, parameters, nullptr));
  EVP_PKEY* key = nullptr;
  EVP_PKEY_keygen_init(making.get());
  EVP_PKEY_keygen(making.get(), &key);
  return OpenSslPtr<EVP_PKEY>(key);
}

// Both sides have both versions; the server has no certificate yet.
class VersionChoiceTest : public testing::Test {
 protected:
  VersionChoiceTest() : pair_(Protocol::kDtls13) {
    pair_.server_ctx.reset(SSL_CTX_new(DTLS_server_method()));
    SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), 0);
    SSL_CTX_set_cipher_list(pair_.client_ctx.get(), kRelaxed);
    SSL_CTX_set_cipher_list(pair_.server_ctx.get(), kRelaxed);
  }
  ~VersionChoiceTest() override { ERR_clear_error(); }

  void ExpectVersion(int version) {
    pair_.Make();
    SSL_set_tlsext_host_name(pair_.client.get(), "server");
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    EXPECT_EQ(SSL_version(pair_.client.get()), version);
    EXPECT_EQ(SSL_version(pair_.server.get()), version);
  }

  SslPair pair_;
};

TEST_F(VersionChoiceTest, AnonymousSuitesAreOfDtls12) { ExpectVersion(DTLS1_2_VERSION); }

TEST_F(VersionChoiceTest, DsaHasNoScheme) {
  const TestCertificate authority("authority");
  TestCertificate dsa("server");
  dsa.key = MakeDsaKey();
  X509_set_pubkey(dsa.certificate.get(), dsa.key.get());
  X509_sign(dsa.certificate.get(), dsa.key.get(), EVP_sha256());
  dsa.UseOn(pair_.server_ctx.get());
  SSL_CTX_set_dh_auto(pair_.server_ctx.get(), 1);
  SSL_CTX_set_cipher_list(pair_.client_ctx.get(), "aDSS:@SECLEVEL=0");
  ExpectVersion(DTLS1_2_VERSION);
  // Beside another it does not matter.
  authority.UseOn(pair_.server_ctx.get());
  ExpectVersion(DTLS1_3_VERSION);
}

TEST_F(VersionChoiceTest, BrainpoolHasNoScheme) {
  TestCertificate("server", nullptr, "brainpoolP256r1").UseOn(pair_.server_ctx.get());
  for (SSL_CTX* ctx : {pair_.client_ctx.get(), pair_.server_ctx.get()}) {
    EXPECT_EQ(SSL_CTX_set1_groups_list(ctx, "P-256:brainpoolP256r1"), 1);
  }
  SSL_CTX_set_cipher_list(pair_.client_ctx.get(), "aECDSA:@SECLEVEL=0");
  ExpectVersion(DTLS1_2_VERSION);
  TestCertificate("server", nullptr, "RSA").UseOn(pair_.server_ctx.get());
  ExpectVersion(DTLS1_3_VERSION);
}

TEST_F(VersionChoiceTest, SignatureAlgorithmsMayFitDtls12Alone) {
  TestCertificate("server", nullptr, "RSA").UseOn(pair_.server_ctx.get());
  EXPECT_EQ(SSL_CTX_set1_sigalgs_list(pair_.server_ctx.get(), "RSA+SHA256"), 1);
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_set1_sigalgs_list(pair_.server_ctx.get(), "RSA+SHA256:RSA-PSS+SHA256"), 1);
  ExpectVersion(DTLS1_3_VERSION);
  // What it takes of its clients says nothing of itself.
  EXPECT_EQ(SSL_CTX_set1_client_sigalgs_list(pair_.server_ctx.get(), "ECDSA+SHA256"), 1);
  ExpectVersion(DTLS1_3_VERSION);
}

TEST_F(VersionChoiceTest, AKeyForBothNeedsNoCertificate) {
  SSL_CTX_set_psk_server_callback(pair_.server_ctx.get(), ServerKey);
  SSL_CTX_set_psk_client_callback(pair_.client_ctx.get(), ClientKey);
  ExpectVersion(DTLS1_3_VERSION);
}

// What a callback brings is not known before it is called, as in libssl.
TEST_F(VersionChoiceTest, CallbackMayBringACertificate) {
  for (const bool by_name : {false, true}) {
    pair_.server_ctx.reset(SSL_CTX_new(DTLS_server_method()));
    SSL_CTX_set_cipher_list(pair_.server_ctx.get(), kRelaxed);
    if (by_name) {
      SSL_CTX_set_tlsext_servername_callback(pair_.server_ctx.get(), NameIsFine);
    } else {
      SSL_CTX_set_cert_cb(pair_.server_ctx.get(), NoCertificate, nullptr);
    }
    pair_.Make();
    pair_.Run();
    EXPECT_FALSE(pair_.server_end.is_up);
    EXPECT_EQ(SSL_version(pair_.server.get()), DTLS1_3_VERSION);
  }
}

}  // namespace
}  // namespace dtls13::shim
