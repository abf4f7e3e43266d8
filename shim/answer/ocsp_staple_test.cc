// SPDX-License-Identifier: Apache-2.0
// OCSP stapling as applications use it. Everything holds for libssl's TLS 1.3 too, which is the
// measure. What a response says is the application's business: any bytes pass.

#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <algorithm>
#include <string>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr int kNoStatus = -1;
constexpr char kResponse[] = "an OCSP response";

std::string ResponseOf(SSL* ssl) {
  const unsigned char* response = nullptr;
  const long len = SSL_get_tlsext_status_ocsp_resp(ssl, &response);
  return len < 0 ? "none" : std::string(reinterpret_cast<const char*>(response), len);
}

// Side is what a callback is to answer, and what it saw.
struct Side {
  int result = 0;
  bool has_response = true;
  int num_calls = 0;
  std::string seen = "";
  int num_ids = 0;
  int num_extensions = 0;

  static int ServerCallback(SSL* ssl, void* arg) {
    auto* self = static_cast<Side*>(arg);
    ++self->num_calls;
    EXPECT_EQ(SSL_get_tlsext_status_type(ssl), TLSEXT_STATUSTYPE_ocsp);
    EXPECT_NE(SSL_get_certificate(ssl), nullptr);
    STACK_OF(OCSP_RESPID)* ids = nullptr;
    SSL_get_tlsext_status_ids(ssl, &ids);
    self->num_ids = std::max(0, sk_OCSP_RESPID_num(ids));
    X509_EXTENSIONS* extensions = nullptr;
    SSL_get_tlsext_status_exts(ssl, &extensions);
    self->num_extensions = std::max(0, sk_X509_EXTENSION_num(extensions));
    if (self->has_response) {
      SSL_set_tlsext_status_ocsp_resp(ssl, OPENSSL_memdup(kResponse, sizeof(kResponse) - 1),
                                      sizeof(kResponse) - 1);
    }
    return self->result;
  }
  static int ClientCallback(SSL* ssl, void* arg) {
    auto* self = static_cast<Side*>(arg);
    ++self->num_calls;
    self->seen = ResponseOf(ssl);
    EXPECT_NE(SSL_get0_peer_certificate(ssl), nullptr);
    return self->result;
  }
};

class OcspStapleTest : public testing::TestWithParam<Protocol> {
 protected:
  OcspStapleTest() : pair_(GetParam()) {
    SSL_CTX_set_tlsext_status_cb(pair_.server_ctx.get(), Side::ServerCallback);
    SSL_CTX_set_tlsext_status_arg(pair_.server_ctx.get(), &server_);
    SSL_CTX_set_tlsext_status_cb(pair_.client_ctx.get(), Side::ClientCallback);
    SSL_CTX_set_tlsext_status_arg(pair_.client_ctx.get(), &client_);
    SSL_CTX_set_tlsext_status_type(pair_.client_ctx.get(), TLSEXT_STATUSTYPE_ocsp);
  }
  ~OcspStapleTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void Run() {
    pair_.Make();
    pair_.Run();
  }
  void ExpectBothUp() {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  }

  Side server_ = {.result = SSL_TLSEXT_ERR_OK};
  Side client_ = {.result = 1};
  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, OcspStapleTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(OcspStapleTest, ResponseReachesTheClient) {
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.seen, kResponse);
  EXPECT_EQ(ResponseOf(pair_.client.get()), kResponse);
  EXPECT_EQ(server_.num_calls, 1);
  EXPECT_EQ(client_.num_calls, 1);
}

TEST_P(OcspStapleTest, ServerHearsOfRespondersAndExtensions) {
  pair_.Make();
  STACK_OF(OCSP_RESPID)* ids = sk_OCSP_RESPID_new_null();
  for (const char* name : {"one", "other"}) {
    OCSP_RESPID* id = OCSP_RESPID_new();
    const TestCertificate responder(name);
    ASSERT_EQ(OCSP_RESPID_set_by_name(id, responder.certificate.get()), 1);
    ASSERT_GT(sk_OCSP_RESPID_push(ids, id), 0);
  }
  SSL_set_tlsext_status_ids(pair_.client.get(), ids);
  X509_EXTENSIONS* extensions = sk_X509_EXTENSION_new_null();
  ASN1_OCTET_STRING* nonce = ASN1_OCTET_STRING_new();
  ASN1_OCTET_STRING_set(nonce, reinterpret_cast<const unsigned char*>("nonce"), 5);
  ASSERT_GT(sk_X509_EXTENSION_push(extensions,
                                   X509_EXTENSION_create_by_NID(nullptr, NID_id_pkix_OCSP_Nonce,
                                                                /*crit=*/0, nonce)),
            0);
  ASN1_OCTET_STRING_free(nonce);
  SSL_set_tlsext_status_exts(pair_.client.get(), extensions);
  pair_.Run();
  ExpectBothUp();
  EXPECT_EQ(client_.seen, kResponse);
  EXPECT_EQ(server_.num_ids, 2);
  EXPECT_EQ(server_.num_extensions, 1);
  Run();
  EXPECT_EQ(server_.num_ids, 0) << "any responder";
  EXPECT_EQ(server_.num_extensions, 0);
}

TEST_P(OcspStapleTest, ServerMayHaveNone) {
  server_.result = SSL_TLSEXT_ERR_NOACK;
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.seen, "none");
  server_.result = SSL_TLSEXT_ERR_OK;
  server_.has_response = false;
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.seen, "none");
}

TEST_P(OcspStapleTest, NobodyAsksUnlessTold) {
  SSL_CTX_set_tlsext_status_type(pair_.client_ctx.get(), kNoStatus);
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.num_calls, 0);
  EXPECT_EQ(client_.num_calls, 0);
  EXPECT_EQ(SSL_get_tlsext_status_type(pair_.server.get()), kNoStatus);
}

TEST_P(OcspStapleTest, ServersFailureEndsTheHandshake) {
  server_.result = SSL_TLSEXT_ERR_ALERT_FATAL;
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_CLIENTHELLO_TLSEXT);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
}

TEST_P(OcspStapleTest, ClientsRefusalEndsTheHandshake) {
  client_.result = 0;
  Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_INVALID_STATUS_RESPONSE);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE);
  client_.result = -1;
  Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_OCSP_CALLBACK_FAILURE);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
}

}  // namespace
}  // namespace dtls13::shim
