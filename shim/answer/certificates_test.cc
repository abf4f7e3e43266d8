// SPDX-License-Identifier: Apache-2.0
// What connections of one SSL_CTX have in common of a peer's certificate, and what they have not.

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "dtls13/crypto/openssl_ptr.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

void Connect(SslPair* pair) {
  pair->Make();
  pair->Run();
}

TEST(CertificatesTest, ConnectionsOfAnSslCtxShareTheObject) {
  SslPair pair(Protocol::kDtls13);
  Connect(&pair);
  const OpenSslPtr<X509> first(SSL_get1_peer_certificate(pair.client.get()));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(X509_cmp(first.get(), SSL_CTX_get0_certificate(pair.server_ctx.get())), 0);
  Connect(&pair);
  EXPECT_EQ(SSL_get0_peer_certificate(pair.client.get()), first.get());
  EXPECT_EQ(sk_X509_value(SSL_get_peer_cert_chain(pair.client.get()), 0), first.get());

  SslPair other(Protocol::kDtls13);
  Connect(&other);
  EXPECT_NE(SSL_get0_peer_certificate(other.client.get()), first.get());
  EXPECT_EQ(X509_cmp(SSL_get0_peer_certificate(other.client.get()), first.get()), 0);
}

TEST(CertificatesTest, AnotherCertificateIsAnotherObject) {
  SslPair pair(Protocol::kDtls13);
  Connect(&pair);
  const OpenSslPtr<X509> first(SSL_get1_peer_certificate(pair.client.get()));
  const TestCertificate another("another");
  another.UseOn(pair.server_ctx.get());
  Connect(&pair);
  ASSERT_NE(SSL_get0_peer_certificate(pair.client.get()), nullptr);
  EXPECT_EQ(X509_cmp(SSL_get0_peer_certificate(pair.client.get()), another.certificate.get()), 0);
}

TEST(CertificatesTest, EachConnectionVerifies) {
  SslPair pair(Protocol::kDtls13);
  SSL_CTX* client_ctx = pair.client_ctx.get();
  SSL_CTX_set_verify(client_ctx, SSL_VERIFY_PEER, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(client_ctx),
                      SSL_CTX_get0_certificate(pair.server_ctx.get()));
  Connect(&pair);
  ASSERT_TRUE(pair.client_end.is_up);
  SSL_CTX_set_cert_store(client_ctx, X509_STORE_new());
  Connect(&pair);
  EXPECT_FALSE(pair.client_end.is_up);
  EXPECT_EQ(pair.client_end.reason, SSL_R_CERTIFICATE_VERIFY_FAILED);
}

}  // namespace
}  // namespace dtls13::shim
