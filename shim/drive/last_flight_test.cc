// SPDX-License-Identifier: Apache-2.0
// When a handshake is over: not before its last flight has left. libssl's DTLS 1.2 is the measure.

#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/queue_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// How often SSL_CB_HANDSHAKE_DONE was told, by the SSL's application data.
void CountDone(const SSL* ssl, int where, int /*value*/) {
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) ++*static_cast<int*>(SSL_get_ex_data(ssl, 0));
}

struct End {
  SSL* ssl = nullptr;
  QueueBio queue;
  int num_done = 0;
  int num_refused = 0;

  // What the application is told while the BIO takes nothing, and then what the same call comes to
  // when it does.
  int HandshakeTwice() {
    queue.is_full = true;
    const int first = SSL_do_handshake(ssl);
    if (first != 1 && SSL_get_error(ssl, first) == SSL_ERROR_WANT_WRITE) {
      ++num_refused;
      EXPECT_EQ(SSL_want(ssl), SSL_WRITING);
      ExpectUnfinished();
    }
    queue.is_full = false;
    const int second = SSL_do_handshake(ssl);
    if (second != 1) {
      EXPECT_EQ(SSL_get_error(ssl, second), SSL_ERROR_WANT_READ);
    }
    return second;
  }

  void ExpectUnfinished() const {
    EXPECT_EQ(SSL_is_init_finished(ssl), 0);
    EXPECT_EQ(SSL_in_init(ssl), 1);
    EXPECT_NE(SSL_get_state(ssl), TLS_ST_OK);
    EXPECT_EQ(num_done, 0);
  }
};

class LastFlightTest : public testing::TestWithParam<Protocol> {
 protected:
  LastFlightTest() : pair_(GetParam()) {
    pair_.Make();
    client_ = {.ssl = pair_.client.get(), .queue = {&to_client_, &to_server_}};
    server_ = {.ssl = pair_.server.get(), .queue = {&to_server_, &to_client_}};
    for (End* end : {&client_, &server_}) {
      BIO* bio = NewQueueBio(&end->queue);
      SSL_set_bio(end->ssl, bio, bio);
      SSL_set_ex_data(end->ssl, 0, &end->num_done);
      SSL_set_info_callback(end->ssl, CountDone);
    }
  }
  ~LastFlightTest() override { ERR_clear_error(); }

  static std::string Read(SSL* ssl) {
    char data[64];
    const int len = SSL_read(ssl, data, sizeof(data));
    return len > 0 ? std::string(data, static_cast<size_t>(len)) : "";
  }

  SslPair pair_;
  std::deque<Datagram> to_server_;
  std::deque<Datagram> to_client_;
  End client_;
  End server_;
};

TEST_P(LastFlightTest, EachFlightIsRefusedOnce) {
  int client_result = 0;
  int server_result = 0;
  for (int turn = 0; turn < 10 && (client_result != 1 || server_result != 1); ++turn) {
    if (client_result != 1) client_result = client_.HandshakeTwice();
    if (server_result != 1) server_result = server_.HandshakeTwice();
  }
  EXPECT_EQ(client_result, 1);
  EXPECT_EQ(server_result, 1);
  for (const End* end : {&client_, &server_}) {
    EXPECT_GE(end->num_refused, 2);
    EXPECT_EQ(end->num_done, 1);
    EXPECT_EQ(SSL_get_state(end->ssl), TLS_ST_OK);
    EXPECT_EQ(SSL_is_init_finished(end->ssl), 1);
  }
  EXPECT_EQ(SSL_write(server_.ssl, "down", 4), 4);
  EXPECT_EQ(Read(client_.ssl), "down");
  EXPECT_EQ(SSL_write(client_.ssl, "up", 2), 2);
  EXPECT_EQ(Read(server_.ssl), "up");
}

// Whatever else an application calls meanwhile sends it, or says that it has to wait for that.
TEST_P(LastFlightTest, NoCallGoesAroundIt) {
  SSL_do_handshake(client_.ssl);
  SSL_do_handshake(server_.ssl);
  if (GetParam() == Protocol::kDtls12) {  // a HelloVerifyRequest is not asked for
    SSL_do_handshake(client_.ssl);
  }
  End& last = GetParam() == Protocol::kDtls12 ? server_ : client_;
  last.queue.is_full = true;
  char byte;
  const auto expect_wait = [&last](int result) {
    EXPECT_EQ(result, -1);
    EXPECT_EQ(SSL_get_error(last.ssl, result), SSL_ERROR_WANT_WRITE);
    last.ExpectUnfinished();
  };
  expect_wait(SSL_do_handshake(last.ssl));
  expect_wait(SSL_read(last.ssl, &byte, 1));
  expect_wait(SSL_peek(last.ssl, &byte, 1));
  expect_wait(SSL_write(last.ssl, "x", 1));
  EXPECT_EQ(SSL_shutdown(last.ssl), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SHUTDOWN_WHILE_IN_INIT);
  last.queue.is_full = false;
  EXPECT_EQ(SSL_write(last.ssl, "x", 1), 1);
  EXPECT_EQ(last.num_done, 1);
  End& other = GetParam() == Protocol::kDtls12 ? client_ : server_;
  EXPECT_EQ(Read(other.ssl), "x");
}

INSTANTIATE_TEST_SUITE_P(Protocols, LastFlightTest,
                         testing::Values(Protocol::kDtls12, Protocol::kDtls13), ProtocolName);

}  // namespace
}  // namespace dtls13::shim
