// SPDX-License-Identifier: Apache-2.0
// ALPN as applications use it. Everything holds for libssl's TLS 1.3 too, which is the measure.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Names = std::vector<std::string>;

constexpr unsigned char kCoapAndHttp[] =
    "\x04"
    "coap"
    "\x02"
    "h2";
constexpr unsigned char kHttp[] =
    "\x02"
    "h2";
constexpr unsigned kCoapAndHttpLen = sizeof(kCoapAndHttp) - 1;
constexpr unsigned kHttpLen = sizeof(kHttp) - 1;

std::string ProtocolOf(const SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned int len = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &len);
  return {reinterpret_cast<const char*>(protocol), len};
}

// Server is what a server's callback is to answer, and what it saw.
struct Server {
  int result = SSL_TLSEXT_ERR_OK;
  std::string choice = "h2";
  Names calls = {};

  static int Select(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_len,
                    const unsigned char* in, unsigned int in_len, void* arg) {
    auto* self = static_cast<Server*>(arg);
    self->calls.emplace_back(reinterpret_cast<const char*>(in), in_len);
    *out = reinterpret_cast<const unsigned char*>(self->choice.data());
    *out_len = static_cast<unsigned char>(self->choice.size());
    return self->result;
  }
};

class ProtocolNegotiationTest : public testing::TestWithParam<Protocol> {
 protected:
  ProtocolNegotiationTest() : pair_(GetParam()) {
    SSL_CTX_set_alpn_select_cb(pair_.server_ctx.get(), Server::Select, &server_);
    EXPECT_EQ(SSL_CTX_set_alpn_protos(pair_.client_ctx.get(), kCoapAndHttp, kCoapAndHttpLen), 0);
  }
  ~ProtocolNegotiationTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void ExpectProtocol(const std::string& protocol) {
    EXPECT_TRUE(pair_.client_end.is_up);
    EXPECT_TRUE(pair_.server_end.is_up);
    EXPECT_EQ(ProtocolOf(pair_.client.get()), protocol);
    EXPECT_EQ(ProtocolOf(pair_.server.get()), protocol);
  }

  Server server_;
  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, ProtocolNegotiationTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(ProtocolNegotiationTest, ServerChooses) {
  pair_.Make();
  pair_.Run();
  ExpectProtocol("h2");
  EXPECT_EQ(server_.calls, Names{std::string("\x04"
                                             "coap\x02"
                                             "h2")});
}

TEST_P(ProtocolNegotiationTest, SslsOwnListCountsAndMayBeTakenBack) {
  pair_.Make();
  EXPECT_EQ(SSL_set_alpn_protos(pair_.client.get(), kHttp, kHttpLen), 0);
  pair_.Run();
  ExpectProtocol("h2");
  EXPECT_EQ(server_.calls, Names{std::string("\x02"
                                             "h2")});
  pair_.Make();
  EXPECT_EQ(SSL_set_alpn_protos(pair_.client.get(), nullptr, 0), 0);
  pair_.Run();
  ExpectProtocol("");
  EXPECT_EQ(server_.calls.size(), 1u);
}

TEST_P(ProtocolNegotiationTest, AMalformedListChangesNothing) {
  pair_.Make();
  EXPECT_NE(SSL_set_alpn_protos(pair_.client.get(), kCoapAndHttp, kCoapAndHttpLen - 1), 0);
  pair_.Run();
  ExpectProtocol("h2");
  ERR_clear_error();
}

TEST_P(ProtocolNegotiationTest, ServerMayTakeNone) {
  server_.result = SSL_TLSEXT_ERR_NOACK;
  pair_.Make();
  pair_.Run();
  ExpectProtocol("");
}

TEST_P(ProtocolNegotiationTest, ServerWithoutCallbackTakesNone) {
  SSL_CTX_set_alpn_select_cb(pair_.server_ctx.get(), nullptr, nullptr);
  pair_.Make();
  pair_.Run();
  ExpectProtocol("");
}

TEST_P(ProtocolNegotiationTest, ServerMayRefuse) {
  server_.result = SSL_TLSEXT_ERR_ALERT_FATAL;
  pair_.Make();
  pair_.Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_NO_APPLICATION_PROTOCOL);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL);
}

TEST_P(ProtocolNegotiationTest, AnEmptyChoiceIsAnError) {
  server_.choice = "";
  pair_.Make();
  pair_.Run();
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_TLSV1_ALERT_INTERNAL_ERROR);
}

int NoteClientHello(SSL* /*ssl*/, int* /*alert*/, void* arg) {
  static_cast<Server*>(arg)->calls.push_back("client_hello");
  return SSL_CLIENT_HELLO_SUCCESS;
}
int NoteServerName(SSL* /*ssl*/, int* /*alert*/, void* arg) {
  static_cast<Server*>(arg)->calls.push_back("server_name");
  return SSL_TLSEXT_ERR_OK;
}
int NoteCertificate(SSL* ssl, void* arg) {
  static_cast<Server*>(arg)->calls.push_back("certificate for " + ProtocolOf(ssl));
  return 1;
}

TEST_P(ProtocolNegotiationTest, CallbacksComeInLibsslsOrder) {
  SSL_CTX* ctx = pair_.server_ctx.get();
  SSL_CTX_set_client_hello_cb(ctx, NoteClientHello, &server_);
  SSL_CTX_set_tlsext_servername_callback(ctx, NoteServerName);
  SSL_CTX_set_tlsext_servername_arg(ctx, &server_);
  SSL_CTX_set_cert_cb(ctx, NoteCertificate, &server_);
  pair_.Make();
  SSL_set_alpn_protos(pair_.client.get(), kHttp, kHttpLen);
  pair_.Run();
  ExpectProtocol("h2");
  EXPECT_EQ(server_.calls, (Names{"client_hello", "server_name",
                                  "\x02"
                                  "h2",
                                  "certificate for h2"}));
}

}  // namespace
}  // namespace dtls13::shim
