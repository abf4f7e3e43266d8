// SPDX-License-Identifier: Apache-2.0
// Callbacks that ask to be called again: the handshake stands still until the next call. Everything
// holds for libssl's TLS 1.3 too, which is the measure.

#include <gtest/gtest.h>
#include <openssl/x509v3.h>

#include <string>
#include <utility>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Retries = std::vector<std::pair<int, int>>;

const TestCertificate& ClientCertificate() {
  static const TestCertificate& certificate = *new TestCertificate("client");
  return certificate;
}

// What callbacks were called, in order; and how often those under test ask to be called again.
struct Calls {
  std::vector<std::string> names;
  int num_retries = 2;
};
Calls* g_calls = nullptr;

// Notes a call; true when it is to be repeated.
bool IsAgain(const char* name) {
  g_calls->names.emplace_back(name);
  return g_calls->num_retries-- > 0;
}

int RetryClientHello(SSL* /*ssl*/, int* /*alert*/, void* /*arg*/) {
  return IsAgain("client_hello") ? SSL_CLIENT_HELLO_RETRY : SSL_CLIENT_HELLO_SUCCESS;
}
int NoteClientHello(SSL* /*ssl*/, int* /*alert*/, void* /*arg*/) {
  g_calls->names.emplace_back("client_hello");
  return SSL_CLIENT_HELLO_SUCCESS;
}
int NoteServerName(SSL* /*ssl*/, int* /*alert*/, void* /*arg*/) {
  g_calls->names.emplace_back("server_name");
  return SSL_TLSEXT_ERR_OK;
}
int RetryCertificate(SSL* /*ssl*/, void* /*arg*/) { return IsAgain("cert") ? -1 : 1; }
int NoteCertificate(SSL* /*ssl*/, void* /*arg*/) {
  g_calls->names.emplace_back("cert");
  return 1;
}
int RetryClientCertificate(SSL* /*ssl*/, X509** certificate, EVP_PKEY** key) {
  if (IsAgain("client_cert")) return -1;
  *certificate = ClientCertificate().certificate.get();
  X509_up_ref(*certificate);
  *key = ClientCertificate().key.get();
  EVP_PKEY_up_ref(*key);
  return 1;
}
int RetryVerification(X509_STORE_CTX* context, void* /*arg*/) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (IsAgain("verify")) SSL_set_retry_verify(ssl);
  return 1;
}
int RetryUnlessTrusted(X509_STORE_CTX* context, void* /*arg*/) {
  if (X509_verify_cert(context) != 1) {
    SSL_set_retry_verify(static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx())));
  }
  return 1;
}
int AcceptAll(X509_STORE_CTX* /*context*/, void* /*arg*/) { return 1; }

class RetriedCallbackTest : public testing::TestWithParam<Protocol> {
 protected:
  RetriedCallbackTest() : pair_(GetParam()) { g_calls = &calls_; }
  ~RetriedCallbackTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void ExpectUpAfter(const Retries& of_client, const Retries& of_server) {
    pair_.Make();
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    EXPECT_EQ(pair_.client_end.retries, of_client);
    EXPECT_EQ(pair_.server_end.retries, of_server);
  }
  void ServerAsks() {
    SSL_CTX_set_verify(pair_.server_ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
    SSL_CTX_set_cert_verify_callback(pair_.server_ctx.get(), AcceptAll, nullptr);
  }
  static Retries Twice(int error, int want) { return {{error, want}, {error, want}}; }

  Calls calls_;
  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, RetriedCallbackTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(RetriedCallbackTest, ClientHello) {
  SSL_CTX_set_client_hello_cb(pair_.server_ctx.get(), RetryClientHello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(pair_.server_ctx.get(), NoteServerName);
  ExpectUpAfter({}, Twice(SSL_ERROR_WANT_CLIENT_HELLO_CB, SSL_CLIENT_HELLO_CB));
  EXPECT_EQ(calls_.names, (std::vector<std::string>{"client_hello", "client_hello", "client_hello",
                                                    "server_name"}));
}

TEST_P(RetriedCallbackTest, CertificateOfAServer) {
  SSL_CTX_set_client_hello_cb(pair_.server_ctx.get(), NoteClientHello, nullptr);
  SSL_CTX_set_cert_cb(pair_.server_ctx.get(), RetryCertificate, nullptr);
  ExpectUpAfter({}, Twice(SSL_ERROR_WANT_X509_LOOKUP, SSL_X509_LOOKUP));
  EXPECT_EQ(calls_.names, (std::vector<std::string>{"client_hello", "cert", "cert", "cert"}));
}

TEST_P(RetriedCallbackTest, CertificateOfAClient) {
  ServerAsks();
  ClientCertificate().UseOn(pair_.client_ctx.get());
  SSL_CTX_set_cert_cb(pair_.client_ctx.get(), RetryCertificate, nullptr);
  ExpectUpAfter(Twice(SSL_ERROR_WANT_X509_LOOKUP, SSL_X509_LOOKUP), {});
  EXPECT_EQ(calls_.names, (std::vector<std::string>{"cert", "cert", "cert"}));
}

TEST_P(RetriedCallbackTest, ClientCertificate) {
  ServerAsks();
  SSL_CTX_set_cert_cb(pair_.client_ctx.get(), NoteCertificate, nullptr);
  SSL_CTX_set_client_cert_cb(pair_.client_ctx.get(), RetryClientCertificate);
  ExpectUpAfter(Twice(SSL_ERROR_WANT_X509_LOOKUP, SSL_X509_LOOKUP), {});
  EXPECT_EQ(calls_.names,
            (std::vector<std::string>{"cert", "client_cert", "client_cert", "client_cert"}));
  EXPECT_NE(SSL_get0_peer_certificate(pair_.server.get()), nullptr);
}

TEST_P(RetriedCallbackTest, Verification) {
  SSL_CTX_set_verify(pair_.client_ctx.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(pair_.client_ctx.get(), RetryVerification, nullptr);
  ExpectUpAfter(Twice(SSL_ERROR_WANT_RETRY_VERIFY, SSL_RETRY_VERIFY), {});
  EXPECT_EQ(calls_.names, (std::vector<std::string>{"verify", "verify", "verify"}));
}

TEST_P(RetriedCallbackTest, VerificationWithACertificateThatTheApplicationAdds) {
  const TestCertificate root("root");
  const TestCertificate intermediate("intermediate", &root);
  BASIC_CONSTRAINTS constraints = {.ca = 1, .pathlen = nullptr};
  X509_add1_ext_i2d(intermediate.certificate.get(), NID_basic_constraints, &constraints, /*crit=*/1,
                    X509V3_ADD_DEFAULT);
  X509_sign(intermediate.certificate.get(), root.key.get(), EVP_sha256());
  const TestCertificate leaf("leaf", &intermediate);
  leaf.UseOn(pair_.server_ctx.get());
  X509_STORE_add_cert(SSL_CTX_get_cert_store(pair_.client_ctx.get()), root.certificate.get());
  SSL_CTX_set_verify(pair_.client_ctx.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(pair_.client_ctx.get(), RetryUnlessTrusted, nullptr);
  pair_.Make();
  pair_.Run();
  EXPECT_FALSE(pair_.client_end.is_up);
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(pair_.client.get());
  ASSERT_EQ(sk_X509_num(chain), 1);
  X509_up_ref(intermediate.certificate.get());
  sk_X509_push(chain, intermediate.certificate.get());
  pair_.Run();
  EXPECT_TRUE(pair_.client_end.is_up);
  EXPECT_TRUE(pair_.server_end.is_up);
  EXPECT_EQ(SSL_get_verify_result(pair_.client.get()), X509_V_OK);
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(pair_.client.get())), 2);
}

}  // namespace
}  // namespace dtls13::shim
