// SPDX-License-Identifier: Apache-2.0
// A server whose settings leave it no cipher suite of its version: its clients hear of it. libssl's
// TLS 1.3 is the measure.

#include <gtest/gtest.h>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

class UnusableServerTest : public testing::TestWithParam<Protocol> {
 protected:
  UnusableServerTest() : pair_(GetParam()) {
    EXPECT_EQ(SSL_CTX_set_ciphersuites(pair_.server_ctx.get(), ""), 1);
  }
  ~UnusableServerTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, UnusableServerTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(UnusableServerTest, ItsClientHearsOfIt) {
  pair_.Make();
  pair_.Run();
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_NO_CIPHERS_AVAILABLE);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}

// Listening, it says so too, to its application and to whoever comes.
TEST(UnusableServer, SaysSoWhileItListens) {
  SslPair pair(Protocol::kDtls13);
  SSL_CTX_set_ciphersuites(pair.server_ctx.get(), "");
  const auto generate = [](SSL* /*ssl*/, unsigned char* cookie, unsigned int* len) {
    *cookie = 1;
    *len = 1;
    return 1;
  };
  const auto verify = [](SSL* /*ssl*/, const unsigned char* /*cookie*/, unsigned int /*len*/) {
    return 1;
  };
  SSL_CTX_set_cookie_generate_cb(pair.server_ctx.get(), generate);
  SSL_CTX_set_cookie_verify_cb(pair.server_ctx.get(), verify);
  pair.Make();
  SSL_set_options(pair.server.get(), SSL_OP_COOKIE_EXCHANGE);
  pair.Run();
  EXPECT_EQ(pair.server_end.reason, SSL_R_NO_CIPHERS_AVAILABLE);
  EXPECT_EQ(pair.client_end.reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
}

}  // namespace
}  // namespace dtls13::shim
