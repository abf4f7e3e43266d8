// SPDX-License-Identifier: Apache-2.0
// SSL_shutdown as an application sees it, and what leaves: libssl's DTLS 1.2 is the measure, where
// it can be.

#include <gtest/gtest.h>

#include <deque>

#include "shim/testing/queue_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

class ClosingTest : public testing::TestWithParam<Protocol> {
 protected:
  ClosingTest() : pair_(GetParam()) {
    pair_.Make();
    BIO* server_bio = NewQueueBio(&server_queue_);
    BIO* client_bio = NewQueueBio(&client_queue_);
    SSL_set_bio(server(), server_bio, server_bio);
    SSL_set_bio(client(), client_bio, client_bio);
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
    to_server_.clear();
    to_client_.clear();
  }
  ~ClosingTest() override { ERR_clear_error(); }

  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }

  static bool HasTimer(SSL* ssl) {
    timeval left = {};
    return DTLSv1_get_timeout(ssl, &left) == 1;
  }

  // What SSL_get_error says of a read that brings no data.
  static int ReadEnds(SSL* ssl) {
    char byte = 0;
    const int result = SSL_read(ssl, &byte, 1);
    EXPECT_LE(result, 0);
    return SSL_get_error(ssl, result);
  }

  SslPair pair_;
  std::deque<Datagram> to_server_;
  std::deque<Datagram> to_client_;
  QueueBio server_queue_ = {.incoming = &to_server_, .outgoing = &to_client_};
  QueueBio client_queue_ = {.incoming = &to_client_, .outgoing = &to_server_};
};

INSTANTIATE_TEST_SUITE_P(Protocols, ClosingTest,
                         testing::Values(Protocol::kDtls12, Protocol::kDtls13), ProtocolName);

TEST_P(ClosingTest, OneAlertLeavesAndIsNeverRepeated) {
  EXPECT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(SSL_get_shutdown(client()), SSL_SENT_SHUTDOWN);
  EXPECT_EQ(to_server_.size(), 1u);
  EXPECT_FALSE(HasTimer(client()));
  EXPECT_EQ(DTLSv1_handle_timeout(client()), 0);
  // The next call waits for the peer's.
  EXPECT_EQ(SSL_shutdown(client()), -1);
  EXPECT_EQ(SSL_get_error(client(), -1), SSL_ERROR_WANT_READ);
  EXPECT_EQ(to_server_.size(), 1u);
}

TEST_P(ClosingTest, AnAlertThatTheBioDoesNotTakeLeavesWithTheNextCall) {
  client_queue_.is_full = true;
  EXPECT_EQ(SSL_shutdown(client()), -1);
  EXPECT_EQ(SSL_get_error(client(), -1), SSL_ERROR_WANT_WRITE);
  EXPECT_TRUE(to_server_.empty());
  client_queue_.is_full = false;
  EXPECT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(to_server_.size(), 1u);
}

TEST_P(ClosingTest, TheReaderTellsACleanEndFromAnAbruptOne) {
  EXPECT_EQ(ReadEnds(server()), SSL_ERROR_WANT_READ) << "silence is no end";
  EXPECT_EQ(SSL_get_shutdown(server()), 0);
  ASSERT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(ReadEnds(server()), SSL_ERROR_ZERO_RETURN);
  EXPECT_EQ(SSL_get_shutdown(server()), SSL_RECEIVED_SHUTDOWN);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

// A server that refuses the client's certificate says so when the client is up already.
TEST_P(ClosingTest, AFatalAlertIsNoCleanEnd) {
  SslPair refusing(GetParam());
  TestCertificate("client").UseOn(refusing.client_ctx.get());
  SSL_CTX_set_verify(refusing.server_ctx.get(), SSL_VERIFY_PEER,
                     [](int /*ok*/, X509_STORE_CTX* /*context*/) { return 0; });
  refusing.Make();
  refusing.Run();
  EXPECT_NE(refusing.client_end.reason, 0);
}

using ClosingDtls13Test = ClosingTest;
INSTANTIATE_TEST_SUITE_P(Protocols, ClosingDtls13Test, testing::Values(Protocol::kDtls13),
                         ProtocolName);

// The peer would not take it: its number is behind the closing's.
TEST_P(ClosingDtls13Test, WhatIsUnacknowledgedIsNotSentBehindTheAlert) {
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(client()), 1);
  ASSERT_EQ(to_server_.size(), 1u);
  to_server_.clear();
  ASSERT_TRUE(HasTimer(client()));
  ASSERT_EQ(SSL_shutdown(client()), 0);
  EXPECT_EQ(to_server_.size(), 1u);
  EXPECT_FALSE(HasTimer(client()));
}

}  // namespace
}  // namespace dtls13::shim
