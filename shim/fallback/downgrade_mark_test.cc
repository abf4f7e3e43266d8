// SPDX-License-Identifier: Apache-2.0
// The random of a server that has DTLS 1.3 and answers a client without it.

#include <gtest/gtest.h>
#include <openssl/bio.h>

#include <array>
#include <cstring>
#include <string>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Random = std::array<unsigned char, SSL3_RANDOM_SIZE>;

const std::string kDtls12Mark = std::string("DOWNGRD") + '\x01';
const std::string kDtls10Mark = std::string("DOWNGRD") + '\x00';

int GenerateCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* len) {
  std::memset(cookie, 7, 8);
  *len = 8;
  return 1;
}

int VerifyCookie(SSL* /*ssl*/, const unsigned char* cookie, unsigned int len) {
  return len == 8 && cookie[0] == 7;
}

// Its client is libssl's DTLS 1.2, its server has DTLS 1.3 as well.
class DowngradeMarkTest : public testing::Test {
 protected:
  DowngradeMarkTest() : pair_(Protocol::kDtls12) {
    SSL_CTX_set_min_proto_version(pair_.server_ctx.get(), 0);
    SSL_CTX_set_max_proto_version(pair_.server_ctx.get(), 0);
    SSL_CTX_set_cookie_generate_cb(pair_.server_ctx.get(), GenerateCookie);
    SSL_CTX_set_cookie_verify_cb(pair_.server_ctx.get(), VerifyCookie);
  }
  ~DowngradeMarkTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  // Connect returns the end of the random that the client got.
  std::string Connect() {
    pair_.Make();
    return Run();
  }

  std::string Run() {
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    ExpectSameSecrets();
    return EndOfRandom();
  }

  std::string EndOfRandom() {
    const Random random = RandomOf(pair_.client.get());
    return {reinterpret_cast<const char*>(random.data()) + 24, 8};
  }

  static Random RandomOf(const SSL* ssl) {
    Random random = {};
    EXPECT_EQ(SSL_get_server_random(ssl, random.data(), random.size()), random.size());
    return random;
  }

  // What depends on the random is the same on both sides, and data flows.
  void ExpectSameSecrets() {
    EXPECT_EQ(RandomOf(pair_.client.get()), RandomOf(pair_.server.get()));
    std::array<unsigned char, 20> exported[2] = {};
    SSL* const ends[] = {pair_.client.get(), pair_.server.get()};
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(SSL_export_keying_material(ends[i], exported[i].data(), exported[i].size(), "label",
                                           5, nullptr, 0, 0),
                1);
    }
    EXPECT_EQ(exported[0], exported[1]);
    char byte = 0;
    EXPECT_EQ(SSL_write(pair_.client.get(), "x", 1), 1);
    EXPECT_EQ(SSL_read(pair_.server.get(), &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
  }

  SslPair pair_;
};

//= rfc8446#section-4.1.3
//= type=test
//# If negotiating TLS 1.2, TLS 1.3 servers MUST set the last 8 bytes of
//# their Random value to the bytes:
//= rfc8446#section-4.1.3
//= type=test
//# The last 8 bytes MUST be overwritten as described below if negotiating
//# TLS 1.2 or TLS 1.1, but the remaining bytes MUST be random.
//= rfc8446#section-4.1.3
//= type=test
//# TLS 1.3 servers which negotiate TLS 1.2 or below in response to a
//# ClientHello MUST set the last 8 bytes of their Random value specially
//# in their ServerHello.
TEST_F(DowngradeMarkTest, ServerMarksDtls12) {
  EXPECT_EQ(Connect(), kDtls12Mark);
  EXPECT_EQ(SSL_version(pair_.server.get()), DTLS1_2_VERSION);
  const Random first = RandomOf(pair_.client.get());
  EXPECT_EQ(Connect(), kDtls12Mark);
  EXPECT_NE(RandomOf(pair_.client.get()), first) << "the rest is random";
}

//= rfc8446#section-4.1.3
//= type=test
//# If negotiating TLS 1.1 or below, TLS 1.3 servers MUST, and TLS 1.2
//# servers SHOULD, set the last 8 bytes of their ServerHello.Random value
//# to the bytes:
TEST_F(DowngradeMarkTest, ServerMarksDtls10) {
  for (SSL_CTX* ctx : {pair_.client_ctx.get(), pair_.server_ctx.get()}) {
    SSL_CTX_set_security_level(ctx, 0);
  }
  SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), DTLS1_VERSION);
  SSL_CTX_set_max_proto_version(pair_.client_ctx.get(), DTLS1_VERSION);
  EXPECT_EQ(Connect(), kDtls10Mark);
  EXPECT_EQ(SSL_version(pair_.server.get()), DTLS1_VERSION);
}

// The random goes into signatures and keys in other ways.
TEST_F(DowngradeMarkTest, WithEveryKeyExchange) {
  TestCertificate("server", nullptr, "RSA").UseOn(pair_.server_ctx.get());
  for (const char* suite : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                            "AES128-GCM-SHA256", "DHE-RSA-AES128-SHA"}) {
    SSL_CTX_set_cipher_list(pair_.client_ctx.get(), suite);
    SSL_CTX_set_dh_auto(pair_.server_ctx.get(), 1);
    EXPECT_EQ(Connect(), kDtls12Mark);
    EXPECT_STREQ(SSL_get_cipher_name(pair_.client.get()), suite);
  }
}

TEST_F(DowngradeMarkTest, WithoutExtendedMasterSecret) {
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
  EXPECT_EQ(Connect(), kDtls12Mark);
}

TEST_F(DowngradeMarkTest, BehindTheTimeToo) {
  SSL_CTX_set_mode(pair_.server_ctx.get(), SSL_MODE_SEND_SERVERHELLO_TIME);
  EXPECT_EQ(Connect(), kDtls12Mark);
}

TEST_F(DowngradeMarkTest, ResumedFromTheCacheOrByTicket) {
  for (const uint64_t option : {uint64_t{0}, uint64_t{SSL_OP_NO_TICKET}}) {
    SSL_CTX_set_options(pair_.server_ctx.get(), option);
    Connect();
    SSL_SESSION* session = SSL_get1_session(pair_.client.get());
    SSL_shutdown(pair_.client.get());
    SSL_shutdown(pair_.server.get());
    pair_.Make();
    SSL_set_session(pair_.client.get(), session);
    EXPECT_EQ(Run(), kDtls12Mark);
    EXPECT_EQ(SSL_session_reused(pair_.client.get()), 1);
    SSL_SESSION_free(session);
  }
}

TEST_F(DowngradeMarkTest, BehindACookieExchange) {
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_COOKIE_EXCHANGE);
  EXPECT_EQ(Connect(), kDtls12Mark);
}

TEST_F(DowngradeMarkTest, BehindListen) {
  pair_.Make();
  BIO_ADDR* address = BIO_ADDR_new();
  int listened = 0;
  for (int turn = 0; turn < 10 && listened == 0; ++turn) {
    SSL_do_handshake(pair_.client.get());
    listened = DTLSv1_listen(pair_.server.get(), address);
  }
  BIO_ADDR_free(address);
  EXPECT_EQ(listened, 1);
  ERR_clear_error();
  EXPECT_EQ(Run(), kDtls12Mark);
}

// A client that offers both and gets what is older would have to take it for an attack.
TEST_F(DowngradeMarkTest, ServerWithoutDtls13MarksNothing) {
  SSL_CTX_set_max_proto_version(pair_.server_ctx.get(), DTLS1_2_VERSION);
  EXPECT_NE(Connect(), kDtls12Mark);
  SSL_CTX_set_max_proto_version(pair_.server_ctx.get(), 0);
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_NO_TLSv1_3);
  EXPECT_NE(Connect(), kDtls12Mark);
}

// As with TLS: the connection that negotiates anew has its version.
TEST_F(DowngradeMarkTest, AnotherHandshakeOfTheConnectionMarksNothing) {
  SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
  EXPECT_EQ(Connect(), kDtls12Mark);
  EXPECT_EQ(SSL_renegotiate(pair_.client.get()), 1);
  char byte;
  for (int turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(pair_.client.get());
    SSL_read(pair_.server.get(), &byte, 1);
  }
  ERR_clear_error();
  EXPECT_EQ(SSL_is_init_finished(pair_.client.get()), 1);
  EXPECT_NE(EndOfRandom(), kDtls12Mark);
  ExpectSameSecrets();
}

}  // namespace
}  // namespace dtls13::shim
