// SPDX-License-Identifier: Apache-2.0
// What a server writes before the handshake is over (SSL_write_early_data). libssl's TLS 1.3 is the
// measure.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

struct SessionFree {
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

class ServerEarlyDataTest : public testing::TestWithParam<Protocol> {
 protected:
  ServerEarlyDataTest() : pair_(GetParam()) {
    SSL_CTX_set_max_early_data(pair_.server_ctx.get(), 1000);
    // The same in either: libssl's anti-replay counts on its own cache.
    SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_NO_ANTI_REPLAY);
    pair_.Make();
    pair_.Run();
    session_.reset(SSL_get1_session(pair_.client.get()));
    for (SSL* ssl : {client(), server()}) {
      SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    pair_.Make();
    SSL_set_session(client(), session_.get());
  }
  ~ServerEarlyDataTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }

  static bool WriteEarly(SSL* ssl, const std::string& text) {
    size_t num_written = 0;
    return SSL_write_early_data(ssl, text.data(), text.size(), &num_written) == 1 &&
           num_written == text.size();
  }
  std::string ReadEarly() {
    char buffer[100];
    size_t num_read = 0;
    EXPECT_EQ(SSL_read_early_data(server(), buffer, sizeof(buffer), &num_read),
              SSL_READ_EARLY_DATA_SUCCESS);
    return {buffer, num_read};
  }
  static std::string Read(SSL* ssl) {
    char buffer[100];
    const int len = SSL_read(ssl, buffer, sizeof(buffer));
    return len > 0 ? std::string(buffer, static_cast<size_t>(len)) : "";
  }

  SslPair pair_;
  SessionPtr session_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, ServerEarlyDataTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

//= rfc8446#section-4.4.4
//= type=test
//# Servers MAY send data after sending their first flight, but because the
//# handshake is not yet complete, they have no assurance of either the
//# peer's identity or its liveness (i.e., the ClientHello might have been
//# replayed).
TEST_P(ServerEarlyDataTest, GoesOutBehindItsFinished) {
  EXPECT_TRUE(WriteEarly(client(), "question"));
  EXPECT_EQ(ReadEarly(), "question");
  EXPECT_TRUE(WriteEarly(server(), "answer"));
  EXPECT_EQ(SSL_is_init_finished(server()), 0);
  EXPECT_EQ(SSL_do_handshake(client()), 1);
  EXPECT_EQ(Read(client()), "answer");
  pair_.Run();
  EXPECT_EQ(SSL_is_init_finished(server()), 1);
  EXPECT_EQ(SSL_write(server(), "more", 4), 4);
  EXPECT_EQ(Read(client()), "more");
}

TEST_P(ServerEarlyDataTest, NeedsNoEarlyDataOfTheClients) {
  SSL_set_session(client(), nullptr);
  EXPECT_EQ(SSL_do_handshake(client()), -1);
  char byte;
  size_t num_read = 0;
  EXPECT_EQ(SSL_read_early_data(server(), &byte, 1, &num_read), SSL_READ_EARLY_DATA_FINISH);
  EXPECT_TRUE(WriteEarly(server(), "first"));
  EXPECT_EQ(SSL_do_handshake(client()), 1);
  EXPECT_EQ(Read(client()), "first");
}

TEST_P(ServerEarlyDataTest, NotBeforeItReads) {
  EXPECT_FALSE(WriteEarly(server(), "answer"));
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
  ERR_clear_error();
}

}  // namespace
}  // namespace dtls13::shim
