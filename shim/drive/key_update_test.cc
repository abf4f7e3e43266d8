// SPDX-License-Identifier: Apache-2.0
// SSL_key_update and what stands around it: libssl's TLS 1.3 is the measure, to which a KeyUpdate
// that was asked for is a handshake until it has left.

#include <gtest/gtest.h>
#include <sys/time.h>
#include <unistd.h>

#include <deque>
#include <utility>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/queue_bio.h"
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

// FullBio is a write BIO of an SSL's that takes nothing, while it lives.
class FullBio {
 public:
  explicit FullBio(SSL* ssl) : ssl_(ssl), real_(SSL_get_wbio(ssl)) {
    BIO_up_ref(real_);
    BIO* full = nullptr;
    EXPECT_EQ(BIO_new_bio_pair(&full, 1, &other_, 1), 1);
    EXPECT_EQ(BIO_write(full, "", 1), 1);
    SSL_set0_wbio(ssl_, full);
  }
  ~FullBio() {
    SSL_set0_wbio(ssl_, real_);
    BIO_free(other_);
  }

 private:
  SSL* ssl_;
  BIO* real_;
  BIO* other_ = nullptr;
};

TEST_P(KeyUpdateTest, IsAHandshakeWhileTheBioTakesNothing) {
  ASSERT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_EQ(SSL_get_key_update_type(client()), SSL_KEY_UPDATE_REQUESTED);
  {
    const FullBio full(client());
    const auto expect_wait = [this](int result) {
      EXPECT_EQ(result, -1);
      EXPECT_EQ(SSL_get_error(client(), result), SSL_ERROR_WANT_WRITE);
      EXPECT_EQ(SSL_get_key_update_type(client()), SSL_KEY_UPDATE_NONE);
      EXPECT_EQ(SSL_in_init(client()), 1);
      EXPECT_EQ(SSL_is_init_finished(client()), 0);
    };
    expect_wait(SSL_do_handshake(client()));
    expect_wait(SSL_write(client(), "x", 1));
    expect_wait(Read(client()));
    EXPECT_EQ(SSL_key_update(client(), SSL_KEY_UPDATE_NOT_REQUESTED), 0);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_STILL_IN_INIT);
    EXPECT_EQ(SSL_shutdown(client()), -1);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SHUTDOWN_WHILE_IN_INIT);
  }
  EXPECT_EQ(SSL_write(client(), "x", 1), 1);
  ExpectInHandshake(false);
  EXPECT_EQ(Read(server()), 1);
}

class KeyUpdateQueueTest : public testing::Test {
 protected:
  KeyUpdateQueueTest() : pair_(Protocol::kDtls13) {
    SSL_CTX_set_num_tickets(pair_.server_ctx.get(), 0);
    pair_.Make();
    for (auto [ssl, queue] : {std::pair(pair_.client.get(), &client_queue_),
                              std::pair(pair_.server.get(), &server_queue_)}) {
      BIO* bio = NewQueueBio(queue);
      SSL_set_bio(ssl, bio, bio);
    }
    pair_.Run();
  }
  ~KeyUpdateQueueTest() override { ERR_clear_error(); }

  SslPair pair_;
  std::deque<Datagram> to_server_, to_client_;
  QueueBio client_queue_ = {.incoming = &to_client_, .outgoing = &to_server_};
  QueueBio server_queue_ = {.incoming = &to_server_, .outgoing = &to_client_};
};

//= rfc8446#section-4.6.3
//= type=test
//# If the request_update field is set to "update_requested", then the
//# receiver MUST send a KeyUpdate of its own with request_update set to
//# "update_not_requested" prior to sending its next Application Data
//# record.
TEST_F(KeyUpdateQueueTest, NoDataPassesAnAnswerThatTheBioDidNotTake) {
  SSL* server = pair_.server.get();
  ASSERT_EQ(SSL_key_update(pair_.client.get(), SSL_KEY_UPDATE_REQUESTED), 1);
  ASSERT_EQ(SSL_do_handshake(pair_.client.get()), 1);
  char byte;
  server_queue_.num_full = 1;
  ASSERT_EQ(SSL_read(server, &byte, 1), -1);
  ASSERT_EQ(server_queue_.num_full, 0) << "the answer was refused";
  server_queue_.num_full = 1;
  const int result = SSL_write(server, "x", 1);
  EXPECT_EQ(result, -1);
  EXPECT_EQ(SSL_get_error(server, result), SSL_ERROR_WANT_WRITE);
  EXPECT_TRUE(to_client_.empty());
  EXPECT_EQ(SSL_write(server, "x", 1), 1);
  EXPECT_EQ(to_client_.size(), 2u);
  EXPECT_EQ(SSL_read(pair_.client.get(), &byte, 1), 1);
}

TEST_F(KeyUpdateQueueTest, IsOverWhenTheTimerHasSentIt) {
  SSL* client = pair_.client.get();
  ASSERT_EQ(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED), 1);
  client_queue_.num_full = 1;
  ASSERT_EQ(SSL_do_handshake(client), -1);
  ASSERT_EQ(SSL_in_init(client), 1);
  timeval left = {};
  ASSERT_EQ(DTLSv1_get_timeout(client, &left), 1);
  usleep(static_cast<useconds_t>(left.tv_sec * 1'000'000 + left.tv_usec));
  ASSERT_EQ(DTLSv1_handle_timeout(client), 1);
  ASSERT_FALSE(to_server_.empty());
  EXPECT_EQ(SSL_in_init(client), 0);
  EXPECT_EQ(SSL_shutdown(client), 0);
}

}  // namespace
}  // namespace dtls13::shim
