// SPDX-License-Identifier: Apache-2.0
// BIO_f_ssl over an SSL: everything holds for libssl's TLS 1.3 too, which is the measure.

#include <gtest/gtest.h>

#include <string>

#include "dtls13/crypto/openssl_ptr.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

std::string ReadAll(BIO* bio) {
  char buffer[100];
  const int len = BIO_read(bio, buffer, sizeof(buffer));
  return len > 0 ? std::string(buffer, static_cast<size_t>(len)) : "";
}

class SslBioTest : public testing::TestWithParam<Protocol> {
 protected:
  SslBioTest()
      : pair_(GetParam()),
        client_(BIO_new_ssl(pair_.client_ctx.get(), /*client=*/1)),
        server_(BIO_new_ssl(pair_.server_ctx.get(), /*client=*/0)) {
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(SslOf(client_), to_client, to_server);
    SSL_set_bio(SslOf(server_), to_server, to_client);
  }
  ~SslBioTest() override {
    client_.reset();
    server_.reset();
    ERR_clear_error();  // of a shutdown without a connection
  }

  static SSL* SslOf(const OpenSslPtr<BIO>& bio) {
    SSL* ssl = nullptr;
    BIO_get_ssl(bio.get(), &ssl);
    return ssl;
  }
  bool Connect() {
    for (int turn = 0; turn < 10; ++turn) {
      const long client = BIO_do_handshake(client_.get());
      if (client <= 0 && !BIO_should_read(client_.get())) return false;
      const long server = BIO_do_handshake(server_.get());
      if (server <= 0 && !BIO_should_read(server_.get())) return false;
      if (client == 1 && server == 1) return true;
    }
    return false;
  }

  SslPair pair_;  // for its contexts
  OpenSslPtr<BIO> client_;
  OpenSslPtr<BIO> server_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, SslBioTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(SslBioTest, CarriesDataBothWays) {
  EXPECT_EQ(BIO_method_type(client_.get()), BIO_TYPE_SSL);
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_version(SslOf(client_)),
            GetParam() == Protocol::kTls13 ? TLS1_3_VERSION : DTLS1_3_VERSION);
  EXPECT_EQ(BIO_write(client_.get(), "question", 8), 8);
  EXPECT_EQ(ReadAll(server_.get()), "question");
  EXPECT_EQ(BIO_puts(server_.get(), "answer"), 6);
  EXPECT_EQ(ReadAll(client_.get()), "answer");
}

TEST_P(SslBioTest, ReadingDrivesTheHandshake) {
  for (int turn = 0; turn < 10; ++turn) {
    char byte;
    for (BIO* bio : {client_.get(), server_.get()}) {
      EXPECT_EQ(BIO_read(bio, &byte, 1), -1);
      EXPECT_TRUE(BIO_should_read(bio));
      EXPECT_TRUE(BIO_should_retry(bio));
    }
  }
  EXPECT_EQ(SSL_is_init_finished(SslOf(client_)), 1);
  EXPECT_EQ(SSL_is_init_finished(SslOf(server_)), 1);
}

TEST_P(SslBioTest, PendingCountsTheRestOfARecord) {
  ASSERT_TRUE(Connect());
  EXPECT_EQ(BIO_write(client_.get(), "question", 8), 8);
  char start[3];
  EXPECT_EQ(BIO_read(server_.get(), start, sizeof(start)), 3);
  EXPECT_EQ(BIO_pending(server_.get()), 5);
  size_t num_read = 0;
  char rest[10];
  EXPECT_EQ(BIO_read_ex(server_.get(), rest, sizeof(rest), &num_read), 1);
  EXPECT_EQ(std::string(rest, num_read), "stion");
}

TEST_P(SslBioTest, CleanEndIsAnEndAndNothingToRetry) {
  ASSERT_TRUE(Connect());
  ReadAll(client_.get());
  BIO_ssl_shutdown(client_.get());
  char byte;
  EXPECT_EQ(BIO_read(server_.get(), &byte, 1), 0);
  EXPECT_FALSE(BIO_should_retry(server_.get()));
  EXPECT_EQ(SSL_get_shutdown(SslOf(server_)), SSL_RECEIVED_SHUTDOWN);
}

}  // namespace
}  // namespace dtls13::shim
