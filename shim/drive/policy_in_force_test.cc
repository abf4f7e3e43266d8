// SPDX-License-Identifier: Apache-2.0
// What the policy decides about connections that libssl's interface says nothing of, or something
// else. A process has one policy, so each key stands in one DTLS13_OPTIONS.
#include <gtest/gtest.h>
#include <sys/time.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr size_t kConnectionIdLen = 8;
constexpr long kInitialTimeoutUs = 200'000;

int num_sessions = 0;

int CountSession(SSL* /*ssl*/, SSL_SESSION* /*session*/) {
  ++num_sessions;
  return 0;
}

class PolicyInForceTest : public testing::Test {
 protected:
  PolicyInForceTest() : pair_(Protocol::kDtls13) {
    num_sessions = 0;
    // What the policy overrules.
    EXPECT_EQ(SSL_CTX_set1_groups_list(pair_.client_ctx.get(), "X25519:P-256"), 1);
    EXPECT_EQ(SSL_CTX_set1_groups_list(pair_.server_ctx.get(), "X25519:P-256"), 1);
    EXPECT_EQ(SSL_CTX_set_num_tickets(pair_.server_ctx.get(), 4), 1);
    SSL_CTX_set_session_cache_mode(pair_.client_ctx.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(pair_.client_ctx.get(), CountSession);
    pair_.Make();
  }

  // Connect has both sides know that the other has all of the handshake.
  void Connect() {
    pair_.Run();
    ASSERT_TRUE(pair_.client_end.is_up && pair_.server_end.is_up);
    Send(pair_.client.get(), pair_.server.get());
    Send(pair_.server.get(), pair_.client.get());
  }

  static void Send(SSL* from, SSL* to) {
    std::array<char, 8> buffer;
    ASSERT_EQ(SSL_write(from, "data", 4), 4);
    ASSERT_EQ(SSL_read(to, buffer.data(), buffer.size()), 4);
  }

  SslPair pair_;
};

TEST_F(PolicyInForceTest, GroupsAreThePolicys) {
  Connect();
  EXPECT_EQ(SSL_get_negotiated_group(pair_.client.get()), NID_secp384r1);
  EXPECT_EQ(SSL_get_negotiated_group(pair_.server.get()), NID_secp384r1);
}

TEST_F(PolicyInForceTest, TicketsAreAsManyAsThePolicySays) {
  Connect();
  EXPECT_EQ(num_sessions, 1);
}

TEST_F(PolicyInForceTest, RecordsHaveConnectionIdsAndShortNumbers) {
  Connect();
  for (SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
    ASSERT_EQ(SSL_write(ssl, "data", 4), 4);
    char* bytes = nullptr;
    const long len = BIO_get_mem_data(SSL_get_wbio(ssl), &bytes);
    // First byte 001CSLEE, the Connection ID, the number, a length as memory BIOs need it, then the
    // data, its content type and the tag.
    constexpr long kRecordLen = 1 + kConnectionIdLen + 1 + 2 + 4 + 1 + 16;
    ASSERT_EQ(len, kRecordLen);
    EXPECT_EQ(bytes[0] & 0xfc, 0x34);
  }
}

TEST_F(PolicyInForceTest, TheMessageCallbackIsToldWholeHeaders) {
  Connect();
  std::vector<size_t> lens;
  for (SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
    SSL_set_msg_callback(ssl, [](int /*outgoing*/, int /*version*/, int content_type,
                                 const void* /*bytes*/, size_t len, SSL* /*ssl*/, void* lens) {
      if (content_type == SSL3_RT_HEADER) static_cast<std::vector<size_t>*>(lens)->push_back(len);
    });
    SSL_set_msg_callback_arg(ssl, &lens);
  }
  Send(pair_.client.get(), pair_.server.get());
  // Sent and received: the first byte, the Connection ID, the number and the length.
  constexpr size_t kHeaderLen = 1 + kConnectionIdLen + 1 + 2;
  EXPECT_EQ(lens, (std::vector<size_t>{kHeaderLen, kHeaderLen}));
}

TEST_F(PolicyInForceTest, TheTimerStartsWithThePolicysValue) {
  SSL_set_connect_state(pair_.client.get());
  EXPECT_EQ(SSL_do_handshake(pair_.client.get()), -1);
  timeval left = {};
  ASSERT_EQ(DTLSv1_get_timeout(pair_.client.get(), &left), 1);
  EXPECT_EQ(left.tv_sec, 0);
  EXPECT_LE(left.tv_usec, kInitialTimeoutUs);
}

}  // namespace
}  // namespace dtls13::shim

int main(int argc, char** argv) {
  setenv("DTLS13_OPTIONS",
         "groups=P-384,tickets=1,connection_id_len=8,header_form=short,initial_timeout_ms=200,"
         "cookie_lifetime_s=60",
         1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
