// SPDX-License-Identifier: Apache-2.0
// A listening server that is called once for each datagram, and hellos that come in several.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/queue_bio.h"
#include "shim/testing/ssl_pair.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::shim {
namespace {

// Before main, because libcrypto takes its functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

constexpr char kCookie[] = "application's cookie";
constexpr uint16_t kClientPort = 4001;
constexpr uint16_t kOtherPort = 4002;

int GenerateCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* cookie_len) {
  *cookie_len = sizeof(kCookie);
  std::memcpy(cookie, kCookie, sizeof(kCookie));
  return 1;
}

int VerifyCookie(SSL* /*ssl*/, const unsigned char* cookie, unsigned int cookie_len) {
  return cookie_len == sizeof(kCookie) && std::memcmp(cookie, kCookie, cookie_len) == 0;
}

int GenerateStatelessCookie(SSL* /*ssl*/, unsigned char* cookie, size_t* cookie_len) {
  *cookie_len = sizeof(kCookie);
  std::memcpy(cookie, kCookie, sizeof(kCookie));
  return 1;
}

int VerifyStatelessCookie(SSL* /*ssl*/, const unsigned char* cookie, size_t cookie_len) {
  return cookie_len == sizeof(kCookie) && std::memcmp(cookie, kCookie, cookie_len) == 0;
}

// Named is an extension of the application's on either side, and where it was added and parsed.
struct Named {
  static constexpr unsigned int kType = 0xfe01;
  static constexpr unsigned int kContexts =
      SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST;

  std::vector<unsigned int> added = {};
  std::vector<unsigned int> parsed = {};
  int parse_result = 1;

  void Register(SSL_CTX* ctx) {
    EXPECT_EQ(SSL_CTX_add_custom_ext(ctx, kType, kContexts, Add, nullptr, this, Parse, this), 1);
  }

  static int Add(SSL* /*ssl*/, unsigned int /*type*/, unsigned int context,
                 const unsigned char** out, size_t* out_len, X509* /*certificate*/,
                 size_t /*chain_index*/, int* /*alert*/, void* arg) {
    static_cast<Named*>(arg)->added.push_back(context);
    *out = reinterpret_cast<const unsigned char*>("named");
    *out_len = 5;
    return 1;
  }

  static int Parse(SSL* /*ssl*/, unsigned int /*type*/, unsigned int context,
                   const unsigned char* in, size_t in_len, X509* /*certificate*/,
                   size_t /*chain_index*/, int* alert, void* arg) {
    auto* named = static_cast<Named*>(arg);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(in), in_len), "named");
    named->parsed.push_back(context);
    *alert = SSL_AD_ACCESS_DENIED;
    return named->parse_result;
  }
};

// The parameter is the newest version that the client has.
class ListenTest : public testing::TestWithParam<int> {
 protected:
  ListenTest() : pair_(Protocol::kDtls13), address_(BIO_ADDR_new()) {
    SSL_CTX* const server = pair_.server_ctx.get();
    SSL_CTX_set_cookie_generate_cb(server, GenerateCookie);
    SSL_CTX_set_cookie_verify_cb(server, VerifyCookie);
    SSL_CTX_set_stateless_cookie_generate_cb(server, GenerateStatelessCookie);
    SSL_CTX_set_stateless_cookie_verify_cb(server, VerifyStatelessCookie);
    SSL_CTX_set_min_proto_version(server, 0);
    SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), 0);
    SSL_CTX_set_max_proto_version(pair_.client_ctx.get(), GetParam());
    servers_.Register(server);
    clients_.Register(pair_.client_ctx.get());
    pair_.Make();
    server_queue_.sender_port = kClientPort;
    BIO* server_bio = NewQueueBio(&server_queue_);
    BIO* client_bio = NewQueueBio(&client_queue_);
    SSL_set_bio(pair_.server.get(), server_bio, server_bio);
    SSL_set_bio(pair_.client.get(), client_bio, client_bio);
    // A hello of at least two datagrams, whatever else is in it.
    const std::string long_name =
        std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
    SSL_set_tlsext_host_name(pair_.client.get(), long_name.c_str());
    SSL_set_options(pair_.client.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(pair_.client.get(), 256);
  }
  ~ListenTest() override {
    BIO_ADDR_free(address_);
    ERR_clear_error();
  }

  // What the client sends next.
  std::deque<Datagram> TakeFlight() {
    SSL_do_handshake(pair_.client.get());
    return std::exchange(to_server_, {});
  }

  // Each datagram by a call of its own; what the last one came to.
  template <typename Call>
  int OneByOne(const std::deque<Datagram>& datagrams, Call call) {
    int result = -1;
    for (const Datagram& datagram : datagrams) {
      to_server_.push_back(datagram);
      result = call();
      ERR_clear_error();
    }
    return result;
  }

  int Listen() { return DTLSv1_listen(pair_.server.get(), address_); }

  Named servers_;
  Named clients_;
  SslPair pair_;
  BIO_ADDR* const address_;
  std::deque<Datagram> to_server_;
  std::deque<Datagram> to_client_;
  QueueBio server_queue_ = {.incoming = &to_server_, .outgoing = &to_client_};
  QueueBio client_queue_ = {.incoming = &to_client_, .outgoing = &to_server_};
};

TEST_P(ListenTest, APieceACall) {
  const std::deque<Datagram> first = TakeFlight();
  ASSERT_GE(first.size(), 2u);
  EXPECT_EQ(OneByOne(first, [&] { return Listen(); }), 0);
  ASSERT_EQ(to_client_.size(), 1u);
  const std::deque<Datagram> second = TakeFlight();
  ASSERT_GE(second.size(), 2u);
  EXPECT_EQ(OneByOne(second, [&] { return Listen(); }), 1);
  for (int turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(pair_.server.get());
    SSL_do_handshake(pair_.client.get());
  }
  EXPECT_TRUE(SSL_is_init_finished(pair_.server.get()));
  EXPECT_EQ(SSL_version(pair_.server.get()), GetParam());
}

// HelloVerifyRequest has no extensions.
using ListenExtensionsTest = ListenTest;
INSTANTIATE_TEST_SUITE_P(Versions, ListenExtensionsTest, testing::Values(DTLS1_3_VERSION));

// A hello in pieces of each of very many addresses, all of them answered.
TEST_P(ListenExtensionsTest, NothingIsKeptForClientsThatHaveNotShownTheirCookie) {
  ASSERT_TRUE(g_counts_libcrypto);
  const std::deque<Datagram> hello = TakeFlight();
  const auto live_bytes = [] { return bench::CountAllocations().live_bytes; };
  const auto say_hello = [&](uint16_t port, auto listen) {
    server_queue_.sender_port = port;
    EXPECT_EQ(OneByOne(hello, listen), 0);
    EXPECT_EQ(to_client_.size(), 1u);
    // A queue that was in use is as large as one that was not.
    to_server_ = {};
    to_client_ = {};
  };
  const auto expect_nothing_kept = [&](auto listen) {
    constexpr uint16_t kFirst = 2000, kWarm = 2100, kLast = 3500;
    for (uint16_t port = kFirst; port < kWarm; ++port) say_hello(port, listen);
    const int64_t before = live_bytes();
    for (uint16_t port = kWarm; port < kLast; ++port) say_hello(port, listen);
    EXPECT_EQ(live_bytes(), before);
  };
  expect_nothing_kept([&] { return Listen(); });
  SSL_set_accept_state(pair_.server.get());
  expect_nothing_kept([&] { return SSL_stateless(pair_.server.get()); });
}

// Whoever forges an address makes no code of the application's run for it.
TEST_P(ListenExtensionsTest, AreSeenOnceTheClientHasShownItsCookie) {
  EXPECT_EQ(OneByOne(TakeFlight(), [&] { return Listen(); }), 0);
  EXPECT_EQ(OneByOne(TakeFlight(), [&] { return Listen(); }), 1);
  EXPECT_TRUE(servers_.parsed.empty());
  EXPECT_TRUE(servers_.added.empty());
  EXPECT_TRUE(clients_.parsed.empty());
  for (int turn = 0; turn < 10; ++turn) {
    SSL_do_handshake(pair_.server.get());
    SSL_do_handshake(pair_.client.get());
  }
  EXPECT_TRUE(SSL_is_init_finished(pair_.server.get()));
  EXPECT_TRUE(SSL_is_init_finished(pair_.client.get()));
  EXPECT_EQ(servers_.parsed, std::vector<unsigned int>{SSL_EXT_CLIENT_HELLO});
}

TEST_P(ListenExtensionsTest, AHelloThatTheApplicationRefusesGetsItsAlert) {
  servers_.parse_result = 0;
  EXPECT_EQ(OneByOne(TakeFlight(), [&] { return Listen(); }), 0);
  EXPECT_EQ(OneByOne(TakeFlight(), [&] { return Listen(); }), 1);
  EXPECT_EQ(SSL_do_handshake(pair_.server.get()), -1);
  ERR_clear_error();
  EXPECT_EQ(SSL_do_handshake(pair_.client.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_error()), SSL_R_TLSV1_ALERT_ACCESS_DENIED);
}

TEST_P(ListenTest, PiecesOfEachSenderByThemselves) {
  const std::deque<Datagram> first = TakeFlight();
  ASSERT_GE(first.size(), 2u);
  Datagram forged = first[0];
  forged.back() ^= 1;
  for (const Datagram& datagram : first) {
    server_queue_.sender_port = kClientPort;
    OneByOne({datagram}, [&] { return Listen(); });
    server_queue_.sender_port = kOtherPort;
    OneByOne({forged}, [&] { return Listen(); });
  }
  EXPECT_EQ(to_client_.size(), 1u);
}

// Somebody else's whole hello is answered meanwhile, by libssl where it is of DTLS 1.2.
TEST_P(ListenTest, AnotherClientsHelloLosesNoPieces) {
  const std::deque<Datagram> first = TakeFlight();
  ASSERT_GE(first.size(), 2u);
  SslPtr other(SSL_new(pair_.client_ctx.get()));
  BIO* bio = NewQueueBio(&client_queue_);
  SSL_set_bio(other.get(), bio, bio);
  SSL_set_connect_state(other.get());
  SSL_do_handshake(other.get());
  const std::deque<Datagram> whole = std::exchange(to_server_, {});
  for (const Datagram& datagram : first) {
    server_queue_.sender_port = kClientPort;
    OneByOne({datagram}, [&] { return Listen(); });
    if (&datagram == &first.back()) break;
    server_queue_.sender_port = kOtherPort;
    OneByOne(whole, [&] { return Listen(); });
    EXPECT_EQ(std::exchange(to_client_, {}).size(), 1u);
  }
  EXPECT_EQ(to_client_.size(), 1u);
}

TEST_P(ListenTest, ClearForgetsThePieces) {
  const std::deque<Datagram> first = TakeFlight();
  ASSERT_GE(first.size(), 2u);
  for (const Datagram& datagram : first) {
    SSL_clear(pair_.server.get());
    OneByOne({datagram}, [&] { return Listen(); });
  }
  EXPECT_TRUE(to_client_.empty());
}

TEST_P(ListenTest, StatelessAPieceACall) {
  if (GetParam() != DTLS1_3_VERSION) GTEST_SKIP() << "SSL_stateless serves no DTLS 1.2";
  const auto stateless = [&] { return SSL_stateless(pair_.server.get()); };
  EXPECT_EQ(OneByOne(TakeFlight(), stateless), 0);
  ASSERT_EQ(to_client_.size(), 1u);
  EXPECT_EQ(OneByOne(TakeFlight(), stateless), 1);
}

// SSL_accept with cookies gathers as many as a listener does.
TEST_P(ListenTest, AcceptWithCookiesServesWhoeverProvesItself) {
  SSL_set_options(pair_.server.get(), SSL_OP_COOKIE_EXCHANGE);
  const auto accept = [&] { return SSL_accept(pair_.server.get()); };
  const std::deque<Datagram> first = TakeFlight();
  ASSERT_GE(first.size(), 2u);
  Datagram forged = first[0];
  forged.back() ^= 1;
  for (const Datagram& datagram : first) {
    server_queue_.sender_port = kClientPort;
    OneByOne({datagram}, accept);
    server_queue_.sender_port = kOtherPort;
    OneByOne({forged}, accept);
  }
  EXPECT_EQ(to_client_.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Versions, ListenTest, testing::Values(DTLS1_3_VERSION, DTLS1_2_VERSION),
                         [](const auto& info) {
                           return info.param == DTLS1_3_VERSION ? "Dtls13" : "Dtls12";
                         });

}  // namespace
}  // namespace dtls13::shim
