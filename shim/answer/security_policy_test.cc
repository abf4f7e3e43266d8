// SPDX-License-Identifier: Apache-2.0
// What the security callback and level say of a handshake. libssl's TLS 1.3 is the measure.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// Forbidden is what one side's callback forbids, and which operations it was asked about.
struct Forbidden {
  int operation = -1;
  int value = -1;  // a NID, or the code point of a suite or scheme; -1: all
  std::vector<int> asked = {};

  static int Callback(const SSL* /*ssl*/, const SSL_CTX* /*ctx*/, int operation, int /*bits*/,
                      int nid, void* other, void* arg) {
    auto* self = static_cast<Forbidden*>(arg);
    self->asked.push_back(operation);
    if (operation != self->operation) return 1;
    int value = nid;
    const int kind = operation & 0xffff0000;
    if (kind == SSL_SECOP_OTHER_CIPHER) {
      value = SSL_CIPHER_get_protocol_id(static_cast<const SSL_CIPHER*>(other));
    } else if (kind == SSL_SECOP_OTHER_SIGALG) {
      const auto* bytes = static_cast<const unsigned char*>(other);
      value = bytes[0] << 8 | bytes[1];
    }
    return self->value != -1 && self->value != value;
  }

  bool WasAsked(int what) const { return std::ranges::find(asked, what) != asked.end(); }
};

class SecurityPolicyTest : public testing::TestWithParam<Protocol> {
 protected:
  SecurityPolicyTest() : pair_(GetParam()) {
    Install(pair_.client_ctx.get(), &client_);
    Install(pair_.server_ctx.get(), &server_);
  }
  ~SecurityPolicyTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  static void Install(SSL_CTX* ctx, Forbidden* forbidden) {
    SSL_CTX_set_security_callback(ctx, Forbidden::Callback);
    SSL_CTX_set0_security_ex_data(ctx, forbidden);
  }

  void Run() {
    pair_.Make();
    pair_.Run();
  }

  void ExpectBothUp() {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  }

  SslPair pair_;
  Forbidden client_;
  Forbidden server_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, SecurityPolicyTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(SecurityPolicyTest, IsAskedOnBothSides) {
  Run();
  ExpectBothUp();
  for (const int operation :
       {SSL_SECOP_CIPHER_SUPPORTED, SSL_SECOP_CIPHER_CHECK, SSL_SECOP_CURVE_SUPPORTED,
        SSL_SECOP_SIGALG_SUPPORTED, SSL_SECOP_SIGALG_CHECK, SSL_SECOP_VERSION}) {
    EXPECT_TRUE(client_.WasAsked(operation)) << std::hex << operation;
  }
  for (const int operation : {SSL_SECOP_CIPHER_SHARED, SSL_SECOP_CURVE_CHECK,
                              SSL_SECOP_SIGALG_SHARED, SSL_SECOP_VERSION, SSL_SECOP_EE_KEY}) {
    EXPECT_TRUE(server_.WasAsked(operation)) << std::hex << operation;
  }
}

TEST_P(SecurityPolicyTest, SuitesAreLeftOut) {
  client_.operation = SSL_SECOP_CIPHER_SUPPORTED;
  client_.value = 0x1302;
  Run();
  ExpectBothUp();
  EXPECT_STRNE(SSL_get_cipher_name(pair_.client.get()), "TLS_AES_256_GCM_SHA384");
  client_ = {};
  server_.operation = SSL_SECOP_CIPHER_SHARED;
  server_.value = 0x1302;
  Run();
  ExpectBothUp();
  EXPECT_STRNE(SSL_get_cipher_name(pair_.client.get()), "TLS_AES_256_GCM_SHA384");
}

TEST_P(SecurityPolicyTest, GroupsAreLeftOut) {
  for (SSL_CTX* ctx : {pair_.client_ctx.get(), pair_.server_ctx.get()}) {
    SSL_CTX_set1_groups_list(ctx, "X25519:P-256");
  }
  Run();
  ExpectBothUp();
  EXPECT_EQ(SSL_get_negotiated_group(pair_.client.get()), NID_X25519);
  client_.operation = SSL_SECOP_CURVE_SUPPORTED;
  client_.value = NID_X25519;
  Run();
  ExpectBothUp();
  EXPECT_EQ(SSL_get_negotiated_group(pair_.client.get()), NID_X9_62_prime256v1);
  client_ = {};
  server_.operation = SSL_SECOP_CURVE_CHECK;
  server_.value = NID_X25519;
  Run();
  ExpectBothUp();
  EXPECT_EQ(SSL_get_negotiated_group(pair_.client.get()), NID_X9_62_prime256v1);
}

TEST_P(SecurityPolicyTest, SchemesAreLeftOut) {
  client_.operation = SSL_SECOP_SIGALG_SUPPORTED;
  client_.value = 0x0403;
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM);
  EXPECT_FALSE(pair_.client_end.is_up);
  client_ = {};
  server_.operation = SSL_SECOP_SIGALG_SHARED;
  Run();
  EXPECT_FALSE(pair_.server_end.is_up);
}

TEST_P(SecurityPolicyTest, ChosenSuiteIsRefused) {
  client_.operation = SSL_SECOP_CIPHER_CHECK;
  Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_WRONG_CIPHER_RETURNED);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_P(SecurityPolicyTest, PeersSignatureIsRefused) {
  client_.operation = SSL_SECOP_SIGALG_CHECK;
  client_.value = 0x0403;
  Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_WRONG_SIGNATURE_TYPE);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}

TEST_P(SecurityPolicyTest, OwnCertificateIsNotShown) {
  server_.operation = SSL_SECOP_EE_KEY;
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_EE_KEY_TOO_SMALL);
  EXPECT_FALSE(pair_.client_end.is_up);
}

TEST_P(SecurityPolicyTest, LevelHoldsForThePeersCertificate) {
  static const TestCertificate& weak = *new TestCertificate("server", nullptr, "RSA");
  X509_STORE_add_cert(SSL_CTX_get_cert_store(pair_.client_ctx.get()), weak.certificate.get());
  weak.UseOn(pair_.server_ctx.get());
  SSL_CTX_set_cipher_list(pair_.client_ctx.get(), "ALL");
  SSL_CTX_set_verify(pair_.client_ctx.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_security_level(pair_.client_ctx.get(), 3);
  SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256");
  pair_.Make();
  // The P-256 certificate stands in the other slot.
  SSL_set1_sigalgs_list(pair_.client.get(), "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384");
  pair_.Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
  EXPECT_EQ(SSL_get_verify_result(pair_.client.get()), X509_V_ERR_EE_KEY_TOO_SMALL);
}

TEST(SecurityVersionTest, ForbiddenVersionIsNotTaken) {
  for (const bool is_clients : {false, true}) {
    SslPair pair(Protocol::kDtls13);
    Forbidden forbidden = {.operation = SSL_SECOP_VERSION, .value = DTLS1_3_VERSION};
    for (SSL_CTX* ctx : {pair.client_ctx.get(), pair.server_ctx.get()}) {
      SSL_CTX_set_min_proto_version(ctx, 0);
    }
    SSL_CTX* ctx = is_clients ? pair.client_ctx.get() : pair.server_ctx.get();
    SSL_CTX_set_security_callback(ctx, Forbidden::Callback);
    SSL_CTX_set0_security_ex_data(ctx, &forbidden);
    pair.Make();
    pair.Run();
    EXPECT_TRUE(pair.client_end.is_up) << pair.client_end.reason;
    EXPECT_EQ(SSL_version(pair.client.get()), DTLS1_2_VERSION);
    ERR_clear_error();
  }
}

}  // namespace
}  // namespace dtls13::shim
