// SPDX-License-Identifier: Apache-2.0
// SSL_key_update and what stands around it: libssl's TLS 1.3 is the measure, to which a KeyUpdate
// that was asked for is a handshake until it has left.

#include <gtest/gtest.h>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

class KeyUpdateTest : public testing::TestWithParam<Protocol> {
 protected:
  KeyUpdateTest() : pair_(GetParam()) {
    // Tickets would be read where nothing is to be.
    SSL_CTX_set_num_tickets(pair_.server_ctx.get(), 0);
    pair_.Make();
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up);
    EXPECT_TRUE(pair_.server_end.is_up);
  }
  ~KeyUpdateTest() override { ERR_clear_error(); }

  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }

  int Read(SSL* ssl) {
    char byte = 0;
    return SSL_read(ssl, &byte, 1);
  }

  void ExpectInHandshake(bool is_in) {
    EXPECT_EQ(SSL_in_init(client()), is_in ? 1 : 0);
    EXPECT_EQ(SSL_is_init_finished(client()), is_in ? 0 : 1);
    EXPECT_EQ(SSL_get_state(client()), TLS_ST_OK);
  }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, KeyUpdateTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(KeyUpdateTest, IsAHandshakeUntilItHasLeft) {
  for (const int type : {SSL_KEY_UPDATE_NOT_REQUESTED, SSL_KEY_UPDATE_REQUESTED}) {
    ExpectInHandshake(false);
    ASSERT_EQ(SSL_key_update(client(), type), 1);
    ExpectInHandshake(true);
    EXPECT_EQ(SSL_write(client(), "x", 1), 1);
    ExpectInHandshake(false);
    EXPECT_EQ(Read(server()), 1);
    EXPECT_EQ(SSL_write(server(), "y", 1), 1);
    EXPECT_EQ(Read(client()), 1);
  }
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(SSL_do_handshake(client()), 1);
  ExpectInHandshake(false);
}

TEST_P(KeyUpdateTest, ARefusedOneIsNotReportedByTheNextRead) {
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_NOT_REQUESTED), 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_STILL_IN_INIT);
  const int result = Read(client());
  EXPECT_EQ(result, -1);
  EXPECT_EQ(SSL_get_error(client(), result), SSL_ERROR_WANT_READ);
  EXPECT_EQ(ERR_peek_error(), 0u);
  ExpectInHandshake(false);
}

TEST_P(KeyUpdateTest, LeavesWithAReadOfWhatIsThereAlready) {
  ASSERT_EQ(SSL_write(server(), "abc", 3), 3);
  ASSERT_EQ(Read(client()), 1);
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(Read(client()), 1);
  ExpectInHandshake(false);
  EXPECT_EQ(SSL_get_key_update_type(client()), SSL_KEY_UPDATE_NONE);
  EXPECT_EQ(Read(client()), 1);
}

TEST_P(KeyUpdateTest, NothingClosesBeforeItHasLeft) {
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(SSL_shutdown(client()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SHUTDOWN_WHILE_IN_INIT);
  EXPECT_EQ(SSL_do_handshake(client()), 1);
  EXPECT_EQ(SSL_shutdown(client()), 0);
}

}  // namespace
}  // namespace dtls13::shim
