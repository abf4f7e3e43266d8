// SPDX-License-Identifier: Apache-2.0
// Client certificates as applications ask for them and show them. Everything holds for libssl's TLS
// 1.3 too, which is the measure.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr int kOptional = SSL_VERIFY_PEER;
constexpr int kRequired = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

std::string NameOf(const X509_NAME* name) {
  char text[100] = "";
  X509_NAME_oneline(name, text, sizeof(text));
  return text;
}

std::string SubjectOf(const X509* certificate) {
  return certificate == nullptr ? "" : NameOf(X509_get_subject_name(certificate));
}

std::vector<std::string> NamesOf(const STACK_OF(X509_NAME) * list) {
  std::vector<std::string> names;
  for (int i = 0; i < sk_X509_NAME_num(list); ++i) {
    names.push_back(NameOf(sk_X509_NAME_value(list, i)));
  }
  return names;
}

// What callbacks saw, in the order of their calls.
std::vector<std::string>& Seen() {
  static std::vector<std::string>& seen = *new std::vector<std::string>;
  return seen;
}

const TestCertificate& Authority() {
  static const TestCertificate& authority = *new TestCertificate("authority");
  return authority;
}

const TestCertificate& ClientCertificate() {
  static const TestCertificate& certificate = *new TestCertificate("client", &Authority());
  return certificate;
}

class ClientCertificateTest : public testing::TestWithParam<Protocol> {
 protected:
  ClientCertificateTest() : pair_(GetParam()) {
    Seen().clear();
    X509_STORE_add_cert(SSL_CTX_get_cert_store(pair_.server_ctx.get()),
                        Authority().certificate.get());
    SSL_CTX_add_client_CA(pair_.server_ctx.get(), Authority().certificate.get());
  }
  ~ClientCertificateTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void ServerVerifies(int mode) { SSL_CTX_set_verify(pair_.server_ctx.get(), mode, nullptr); }
  void RunAll() {
    pair_.Make();
    pair_.Run();
  }
  void ExpectBothUp() {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  }
  std::string PeerOfServer() { return SubjectOf(SSL_get0_peer_certificate(pair_.server.get())); }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, ClientCertificateTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

int SeeVerification(int ok, X509_STORE_CTX* context) {
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  Seen().push_back(SubjectOf(X509_STORE_CTX_get_current_cert(context)) +
                   (ok == 1 ? " good" : " bad") + (SSL_is_server(ssl) ? " server" : ""));
  return ok;
}

TEST_P(ClientCertificateTest, IsVerifiedAndShown) {
  SSL_CTX_set_verify(pair_.server_ctx.get(), kRequired, SeeVerification);
  ClientCertificate().UseOn(pair_.client_ctx.get());
  SSL_CTX_add1_chain_cert(pair_.client_ctx.get(), Authority().certificate.get());
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(Seen(),
            (std::vector<std::string>{"/CN=authority good server", "/CN=client good server"}));
  EXPECT_EQ(PeerOfServer(), "/CN=client");
  EXPECT_EQ(SSL_get_verify_result(pair_.server.get()), X509_V_OK);
  // A server's view of the chain has no leaf.
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(pair_.server.get());
  ASSERT_EQ(sk_X509_num(chain), 1);
  EXPECT_EQ(SubjectOf(sk_X509_value(chain, 0)), "/CN=authority");
  EXPECT_EQ(sk_X509_num(SSL_get0_verified_chain(pair_.server.get())), 2);
  const std::vector<std::string> authorities{"/CN=authority"};
  EXPECT_EQ(NamesOf(SSL_get_client_CA_list(pair_.client.get())), authorities);
  EXPECT_EQ(NamesOf(SSL_get0_peer_CA_list(pair_.client.get())), authorities);
  EXPECT_EQ(NamesOf(SSL_get_client_CA_list(pair_.server.get())), authorities);
  EXPECT_EQ(SSL_get0_peer_CA_list(pair_.server.get()), nullptr);
  EXPECT_EQ(SubjectOf(SSL_get_certificate(pair_.client.get())), "/CN=client");
}

TEST_P(ClientCertificateTest, NoneIsTakenWhereItIsOptional) {
  ServerVerifies(kOptional);
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(SSL_get0_peer_certificate(pair_.server.get()), nullptr);
  EXPECT_EQ(SSL_get_verify_result(pair_.server.get()), X509_V_OK);
}

TEST_P(ClientCertificateTest, NoneIsRefusedWhereItIsRequired) {
  ServerVerifies(kRequired);
  RunAll();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
}

TEST_P(ClientCertificateTest, AnUntrustedOneIsRefused) {
  ServerVerifies(kOptional);
  const TestCertificate stranger("stranger");
  stranger.UseOn(pair_.client_ctx.get());
  RunAll();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
  EXPECT_EQ(SSL_get_verify_result(pair_.server.get()), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_EQ(SSL_get_peer_cert_chain(pair_.server.get()), nullptr);
}

// TLS has authentication after the handshake, which puts it off until then. DTLS under libssl has
// none, and a server that insists must not go without.
TEST_P(ClientCertificateTest, IsAskedForInTheHandshakeWhereNothingComesAfterIt) {
  ServerVerifies(kRequired | SSL_VERIFY_POST_HANDSHAKE);
  RunAll();
  if (GetParam() == Protocol::kTls13) {
    ExpectBothUp();
  } else {
    EXPECT_EQ(pair_.server_end.reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
    EXPECT_FALSE(pair_.server_end.is_up);
  }
  ClientCertificate().UseOn(pair_.client_ctx.get());
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(SSL_get0_peer_certificate(pair_.server.get()) != nullptr,
            GetParam() != Protocol::kTls13);
}

int InsistByName(SSL* ssl, int* /*alert*/, void* /*arg*/) {
  SSL_set_verify(ssl, kRequired, nullptr);
  SSL_add_client_CA(ssl, ClientCertificate().certificate.get());
  return SSL_TLSEXT_ERR_OK;
}

TEST_P(ClientCertificateTest, IsAskedForAsTheServerNameCallbackSays) {
  SSL_CTX_set_tlsext_servername_callback(pair_.server_ctx.get(), InsistByName);
  RunAll();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE);
  EXPECT_EQ(NamesOf(SSL_get_client_CA_list(pair_.client.get())),
            std::vector<std::string>{"/CN=client"});
}

TEST_P(ClientCertificateTest, ServersSignatureAlgorithmsChooseTheSlot) {
  ServerVerifies(kRequired);
  const TestCertificate rsa("rsa client", &Authority(), "RSA");
  ClientCertificate().UseOn(pair_.client_ctx.get());
  rsa.UseOn(pair_.client_ctx.get());
  SSL_CTX_set1_client_sigalgs_list(pair_.server_ctx.get(), "RSA-PSS+SHA384");
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(PeerOfServer(), "/CN=rsa client");
  EXPECT_EQ(SubjectOf(SSL_get_certificate(pair_.client.get())), "/CN=rsa client");
}

TEST_P(ClientCertificateTest, OneThatTheServerCannotTakeIsNotShown) {
  ServerVerifies(kOptional);
  ClientCertificate().UseOn(pair_.client_ctx.get());
  SSL_CTX_set1_client_sigalgs_list(pair_.server_ctx.get(), "RSA-PSS+SHA256");
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(PeerOfServer(), "");
}

// Not libssl's: it looks at the keys alone.
//= rfc8446#section-4.4.2.2
//= type=test
//# All certificates provided by the server MUST be signed by a signature
//# algorithm advertised by the client if it is able to provide such a
//# chain (see Section 4.2.3).
//= rfc8446#section-4.2.3
//= type=test
//# TLS 1.3 servers MUST NOT offer a SHA-1 signed certificate unless no
//# valid certificate chain can be produced without it (see Section
//# 4.4.2.2).
TEST(ServerCertificateTest, OneThatTheClientCanVerifyComesFirst) {
  const TestCertificate ec_authority("ec authority");
  const TestCertificate rsa_authority("rsa authority", nullptr, "RSA");
  const TestCertificate ec("ec server", &rsa_authority);
  const TestCertificate rsa("rsa server", &ec_authority, "RSA");
  const auto shown = [&](const char* schemes) {
    SslPair pair(Protocol::kDtls13);
    ec.UseOn(pair.server_ctx.get());
    rsa.UseOn(pair.server_ctx.get());
    SSL_CTX_set_verify(pair.client_ctx.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set1_sigalgs_list(pair.client_ctx.get(), schemes);
    pair.Make();
    pair.Run();
    EXPECT_TRUE(pair.client_end.is_up) << pair.client_end.reason;
    return SubjectOf(SSL_get0_peer_certificate(pair.client.get()));
  };
  EXPECT_EQ(shown("ECDSA+SHA256:RSA-PSS+SHA256"), "/CN=rsa server") << "ec's is of RSA+SHA256";
  EXPECT_EQ(shown("ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256"), "/CN=ec server");
  EXPECT_EQ(shown("ECDSA+SHA256"), "/CN=ec server") << "there is no other";
}

int ChooseCertificate(SSL* ssl, void* arg) {
  Seen().push_back("cert_cb");
  if (arg != nullptr) return 0;
  SSL_use_certificate(ssl, ClientCertificate().certificate.get());
  SSL_use_PrivateKey(ssl, ClientCertificate().key.get());
  return 1;
}

int LendCertificate(SSL* ssl, X509** certificate, EVP_PKEY** key) {
  Seen().push_back("client_cert_cb");
  for (const std::string& name : NamesOf(SSL_get_client_CA_list(ssl))) Seen().push_back(name);
  *certificate = ClientCertificate().certificate.get();
  X509_up_ref(*certificate);
  *key = ClientCertificate().key.get();
  EVP_PKEY_up_ref(*key);
  return 1;
}

TEST_P(ClientCertificateTest, CertificateCallbackComesFirstAndMaySuffice) {
  ServerVerifies(kRequired);
  SSL_CTX_set_cert_cb(pair_.client_ctx.get(), ChooseCertificate, nullptr);
  SSL_CTX_set_client_cert_cb(pair_.client_ctx.get(), LendCertificate);
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(Seen(), std::vector<std::string>{"cert_cb"});
  EXPECT_EQ(PeerOfServer(), "/CN=client");
}

TEST_P(ClientCertificateTest, ClientCertificateCallbackHelpsOut) {
  ServerVerifies(kRequired);
  SSL_CTX_set_client_cert_cb(pair_.client_ctx.get(), LendCertificate);
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(Seen(), (std::vector<std::string>{"client_cert_cb", "/CN=authority"}));
  EXPECT_EQ(PeerOfServer(), "/CN=client");
}

TEST_P(ClientCertificateTest, CallbacksAreNotCalledWhereNobodyAsks) {
  SSL_CTX_set_cert_cb(pair_.client_ctx.get(), ChooseCertificate, nullptr);
  SSL_CTX_set_client_cert_cb(pair_.client_ctx.get(), LendCertificate);
  RunAll();
  ExpectBothUp();
  EXPECT_TRUE(Seen().empty());
}

TEST_P(ClientCertificateTest, AFailingCertificateCallbackEndsTheHandshake) {
  ServerVerifies(kRequired);
  int fails = 1;
  SSL_CTX_set_cert_cb(pair_.client_ctx.get(), ChooseCertificate, &fails);
  RunAll();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
}

// A client may say which authorities it knows.
TEST_P(ClientCertificateTest, ClientsAuthoritiesReachTheServer) {
  STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
  sk_X509_NAME_push(names, X509_NAME_dup(X509_get_subject_name(Authority().certificate.get())));
  SSL_CTX_set0_CA_list(pair_.client_ctx.get(), names);
  RunAll();
  ExpectBothUp();
  EXPECT_EQ(NamesOf(SSL_get0_peer_CA_list(pair_.server.get())),
            std::vector<std::string>{"/CN=authority"});
  EXPECT_EQ(SSL_get_client_CA_list(pair_.client.get()), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
