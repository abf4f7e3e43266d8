// SPDX-License-Identifier: Apache-2.0
// SSL_set_max_send_fragment and its like, on the wire. libssl's DTLS 1.2 is the measure.

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/sent_records.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// What a call came to: its value, SSL_get_error and the first reason on the error queue.
struct Result {
  int value;
  int error;
  int reason;

  friend bool operator==(const Result&, const Result&) = default;
};

std::ostream& operator<<(std::ostream& out, const Result& result) {
  return out << result.value << ", error " << result.error << ", reason " << result.reason;
}

Result ResultOf(SSL* ssl, int value) {
  const Result result = {value, SSL_get_error(ssl, value), ERR_GET_REASON(ERR_peek_error())};
  ERR_clear_error();
  return result;
}

Result Write(SSL* ssl, size_t len) {
  const std::string text(len, 'x');
  return ResultOf(ssl, SSL_write(ssl, text.data(), static_cast<int>(len)));
}

Result Read(SSL* ssl) {
  std::array<char, 1 << 15> buffer;
  return ResultOf(ssl, SSL_read(ssl, buffer.data(), buffer.size()));
}

Result Good(size_t len) { return {static_cast<int>(len), SSL_ERROR_NONE, 0}; }

class SendFragmentTest : public testing::TestWithParam<Protocol> {
 protected:
  SendFragmentTest() : pair_(GetParam()) {}

  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }

  void Make() {
    pair_.Make();
    // Its default cuts libssl's messages to much less.
    for (SSL* ssl : {client(), server()}) {
      SSL_set_options(ssl, SSL_OP_NO_QUERY_MTU);
      SSL_set_mtu(ssl, 1400);
    }
  }
  void Run() {
    pair_.Run();
    ASSERT_TRUE(pair_.client_end.is_up);
    ASSERT_TRUE(pair_.server_end.is_up);
  }

  // Data of `from` is bounded by `max_len`; what is longer ends the connection.
  void ExpectBound(SSL* from, SSL* to, size_t max_len) {
    EXPECT_EQ(Write(from, max_len), Good(max_len));
    EXPECT_EQ(Read(to), Good(max_len));
    EXPECT_EQ(Write(from, max_len + 1),
              (Result{0, SSL_ERROR_SSL, SSL_R_EXCEEDS_MAX_FRAGMENT_SIZE}));
    EXPECT_EQ(SSL_get_shutdown(from), 0);
    EXPECT_EQ(Read(to), (Result{0, SSL_ERROR_SSL, SSL_R_TLSV1_ALERT_INTERNAL_ERROR}));
    EXPECT_EQ(SSL_get_shutdown(to), SSL_RECEIVED_SHUTDOWN);
    EXPECT_EQ(Write(from, 1), (Result{-1, SSL_ERROR_SYSCALL, 0}));
    EXPECT_EQ(Read(from), (Result{-1, SSL_ERROR_SYSCALL, 0}));
  }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, SendFragmentTest,
                         testing::Values(Protocol::kDtls12, Protocol::kDtls13), ProtocolName);

TEST_P(SendFragmentTest, BoundsData) {
  for (const bool is_client : {true, false}) {
    Make();
    Run();
    SSL* from = is_client ? client() : server();
    ASSERT_EQ(SSL_set_max_send_fragment(from, 1000), 1);
    ASSERT_EQ(SSL_set_max_send_fragment(from, 511), 0);
    ASSERT_EQ(SSL_set_max_send_fragment(from, 16385), 0);
    ExpectBound(from, is_client ? server() : client(), 1000);
  }
}

TEST_P(SendFragmentTest, SslWriteExSaysNoLength) {
  Make();
  Run();
  SSL_set_max_send_fragment(client(), 600);
  size_t num_written = 77;
  EXPECT_EQ(SSL_write_ex(client(), std::string(601, 'x').data(), 601, &num_written), 0);
  EXPECT_EQ(num_written, 77u);
  EXPECT_EQ(ResultOf(client(), 0), (Result{0, SSL_ERROR_SSL, SSL_R_EXCEEDS_MAX_FRAGMENT_SIZE}));
}

// What no record may carry is refused, and the connection lives.
TEST_P(SendFragmentTest, NoRecordIsLongerAnyway) {
  Make();
  Run();
  EXPECT_EQ(Write(client(), 16385), (Result{-1, SSL_ERROR_SSL, SSL_R_DTLS_MESSAGE_TOO_BIG}));
  EXPECT_EQ(Write(client(), 16384), Good(16384));
  EXPECT_EQ(Read(server()), Good(16384));
}

// An SSL has what its SSL_CTX has when it is made.
TEST_P(SendFragmentTest, ComesFromTheSslCtx) {
  ASSERT_EQ(SSL_CTX_set_max_send_fragment(pair_.client_ctx.get(), 700), 1);
  Make();
  ASSERT_EQ(SSL_CTX_set_max_send_fragment(pair_.client_ctx.get(), 512), 1);
  Run();
  ExpectBound(client(), server(), 700);
}

// And one that SSL_dup makes has the SSL_CTX's as well.
TEST_P(SendFragmentTest, ComesFromTheSslCtxOfACopy) {
  ASSERT_EQ(SSL_CTX_set_max_send_fragment(pair_.client_ctx.get(), 700), 1);
  Make();
  const SslPtr source(SSL_new(pair_.client_ctx.get()));
  SSL_set_connect_state(source.get());
  ASSERT_EQ(SSL_set_max_send_fragment(source.get(), 512), 1);
  SslPtr copy(SSL_dup(source.get()));
  ASSERT_NE(copy, nullptr);
  ASSERT_NE(copy, source);
  BIO* rbio = SSL_get_rbio(client());
  BIO* wbio = SSL_get_wbio(client());
  BIO_up_ref(rbio);
  BIO_up_ref(wbio);
  SSL_set_bio(copy.get(), rbio, wbio);
  pair_.client = std::move(copy);
  Run();
  ExpectBound(client(), server(), 700);
}

TEST_P(SendFragmentTest, CutsHandshakeMessages) {
  const TestCertificate certificate("a key of its own", nullptr, "RSA");
  certificate.UseOn(pair_.server_ctx.get());
  ASSERT_EQ(SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "RSA-PSS+SHA256"), 1);
  ASSERT_EQ(SSL_CTX_set_max_send_fragment(pair_.server_ctx.get(), 512), 1);
  Make();
  SentRecords sent(GetParam(), server());
  Run();
  size_t num_full = 0;
  for (const SentRecord& record : sent.Take()) {
    // The type of DTLS 1.3 is inside.
    const size_t len =
        record.is_protected && GetParam() == Protocol::kDtls13 ? record.len - 1 : record.len;
    EXPECT_LE(len, 512u);
    if (len == 512) ++num_full;
  }
  EXPECT_GT(num_full, 0u);
}

TEST_P(SendFragmentTest, BoundsBothSidesWhereItIsNegotiated) {
  for (const bool is_client : {true, false}) {
    ASSERT_EQ(SSL_CTX_set_tlsext_max_fragment_length(pair_.client_ctx.get(),
                                                     TLSEXT_max_fragment_length_512),
              1);
    Make();
    Run();
    SSL* from = is_client ? client() : server();
    ASSERT_EQ(SSL_set_max_send_fragment(from, 2000), 1);
    ExpectBound(from, is_client ? server() : client(), 512);
  }
}

// For more records than one at once, which DTLS does not send.
TEST_P(SendFragmentTest, SplitDoesNothing) {
  Make();
  ASSERT_EQ(SSL_set_split_send_fragment(client(), 600), 1);
  ASSERT_EQ(SSL_CTX_set_split_send_fragment(pair_.server_ctx.get(), 600), 1);
  Run();
  SentRecords sent(GetParam(), client());
  EXPECT_EQ(Write(client(), 1200), Good(1200));
  EXPECT_EQ(sent.TakeProtected().size(), 1u);
  EXPECT_EQ(Read(server()), Good(1200));
}

// --- What only DTLS 1.3 has

TEST(SendFragmentOfEarlyDataTest, BoundsIt) {
  SslPair pair(Protocol::kDtls13);
  SSL_CTX_set_max_early_data(pair.server_ctx.get(), 2000);
  pair.Make();
  pair.Run();
  SSL_SESSION* session = SSL_get1_session(pair.client.get());
  pair.Make();
  SSL* client = pair.client.get();
  SSL_set_session(client, session);
  SSL_SESSION_free(session);
  ASSERT_EQ(SSL_set_max_send_fragment(client, 512), 1);
  size_t num = 0;
  const std::string text(513, 'x');
  EXPECT_EQ(SSL_write_early_data(client, text.data(), 512, &num), 1);
  EXPECT_EQ(ResultOf(client, SSL_write_early_data(client, text.data(), 513, &num)),
            (Result{0, SSL_ERROR_SSL, SSL_R_EXCEEDS_MAX_FRAGMENT_SIZE}));
  EXPECT_EQ(ResultOf(client, SSL_do_handshake(client)), (Result{-1, SSL_ERROR_SYSCALL, 0}));
}

}  // namespace
}  // namespace dtls13::shim
