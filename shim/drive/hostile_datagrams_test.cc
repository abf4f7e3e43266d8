// SPDX-License-Identifier: Apache-2.0
// SSL_connect and SSL_accept over a network where somebody adds datagrams, and changes their order.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dtls13/wire/handshake_header.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/testing/queue_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr unsigned char kCookie[] = {'c', 'o', 'o', 'k', 'i', 'e'};

int GenerateCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* len) {
  std::copy(std::begin(kCookie), std::end(kCookie), cookie);
  *len = sizeof(kCookie);
  return 1;
}

int VerifyCookie(SSL* /*ssl*/, const unsigned char* cookie, unsigned int len) {
  return std::equal(cookie, cookie + len, std::begin(kCookie), std::end(kCookie));
}

// Network is a client and a server with a queue of datagrams in each direction.
class Network {
 public:
  explicit Network(SslPair* pair) : client_(pair->client.get()), server_(pair->server.get()) {
    server_bio_ = {.incoming = &to_server, .outgoing = &to_client};
    client_bio_ = {.incoming = &to_client, .outgoing = &to_server};
    BIO* bio = NewQueueBio(&server_bio_);
    SSL_set_bio(server_, bio, bio);
    bio = NewQueueBio(&client_bio_);
    SSL_set_bio(client_, bio, bio);
  }

  // Act brings a side's handshake on: 1 done, 0 it waits, -1 it failed.
  static int Act(SSL* ssl) {
    const int result = SSL_do_handshake(ssl);
    if (result == 1) return 1;
    return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ ? 0 : -1;
  }

  static std::string Read(SSL* ssl) {
    char buffer[4096];
    const int len = SSL_read(ssl, buffer, sizeof(buffer));
    return len > 0 ? std::string(buffer, static_cast<size_t>(len)) : "";
  }

  static bool Write(SSL* ssl, const std::string& text) {
    return SSL_write(ssl, text.data(), static_cast<int>(text.size())) ==
           static_cast<int>(text.size());
  }

  std::deque<Datagram> to_server;
  std::deque<Datagram> to_client;

 private:
  SSL* client_;
  SSL* server_;
  QueueBio server_bio_;
  QueueBio client_bio_;
};

// PlaintextFragment is a datagram with one byte of a message of 40.
Datagram PlaintextFragment(HandshakeType type, uint16_t message_seq, uint8_t record_number) {
  Datagram datagram = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 9, record_number, 0, 13};
  Datagram header(kHandshakeHeaderLen);
  WriteHandshakeHeader(
      {.type = type, .message_len = 40, .message_seq = message_seq, .fragment_len = 1}, header);
  datagram.insert(datagram.end(), header.begin(), header.end());
  datagram.push_back(1);
  return datagram;
}

// At which step the forger speaks; whether the server asks for a cookie; whether the client would
// take DTLS 1.2 too.
using Case = std::tuple<int, bool, bool>;

class ForgedFragmentTest : public testing::TestWithParam<Case> {
 protected:
  ForgedFragmentTest() : pair_(Protocol::kDtls13) {
    const auto [step, cookie, is_open] = GetParam();
    if (cookie) {
      SSL_CTX_set_cookie_generate_cb(pair_.server_ctx.get(), GenerateCookie);
      SSL_CTX_set_cookie_verify_cb(pair_.server_ctx.get(), VerifyCookie);
      SSL_CTX_set_options(pair_.server_ctx.get(), SSL_OP_COOKIE_EXCHANGE);
    }
    if (is_open) SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), DTLS1_2_VERSION);
    pair_.Make();
  }

  static void Forge(std::deque<Datagram>* queue) {
    uint8_t number = 1;
    for (uint16_t seq = 0; seq < 10; ++seq) {
      for (const HandshakeType type :
           {HandshakeType::kFinished, HandshakeType::kServerHello, HandshakeType::kClientHello}) {
        queue->push_front(PlaintextFragment(type, seq, number++));
      }
    }
  }

  SslPair pair_;
};

TEST_P(ForgedFragmentTest, NeitherSideFailsThenOrLater) {
  Network network(&pair_);
  const int forged_step = std::get<0>(GetParam());
  int client = 0, server = 0;
  for (int step = 0; step < 6 && (client != 1 || server != 1); ++step) {
    if (step == forged_step) Forge(&network.to_client);
    client = Network::Act(pair_.client.get());
    ASSERT_GE(client, 0) << ERR_reason_error_string(ERR_peek_error());
    if (step == forged_step) Forge(&network.to_server);
    server = Network::Act(pair_.server.get());
    ASSERT_GE(server, 0) << ERR_reason_error_string(ERR_peek_error());
  }
  ASSERT_EQ(client, 1);
  ASSERT_EQ(server, 1);
  EXPECT_EQ(SSL_version(pair_.client.get()), DTLS1_3_VERSION);
  // What waits for its turn would meet it in the messages that follow the handshake.
  for (int i = 0; i < 10; ++i) {
    const std::string text = "text " + std::to_string(i);
    for (auto [from, to] : {std::pair(pair_.client.get(), pair_.server.get()),
                            std::pair(pair_.server.get(), pair_.client.get())}) {
      EXPECT_EQ(SSL_key_update(from, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
      EXPECT_TRUE(Network::Write(from, text));
      EXPECT_EQ(Network::Read(to), text);
      EXPECT_EQ(Network::Read(from), "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, ForgedFragmentTest,
                         testing::Combine(testing::Range(0, 4), testing::Bool(), testing::Bool()));

// How the client's first data meets its last flight.
enum class Meeting { kInFront, kInItsDatagram, kInFrontOfSome };

class OvertakingDataTest : public testing::TestWithParam<std::tuple<Meeting, bool>> {
 protected:
  OvertakingDataTest() : pair_(Protocol::kDtls13) {
    if (!std::get<1>(GetParam())) return;
    SSL_CTX_set_verify(pair_.server_ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
    static const TestCertificate& certificate = *new TestCertificate("client");
    certificate.UseOn(pair_.client_ctx.get());
  }

  SslPair pair_;
};

TEST_P(OvertakingDataTest, IsReadOnceTheHandshakeIsDone) {
  pair_.Make();
  Network network(&pair_);
  SSL* const client = pair_.client.get();
  SSL* const server = pair_.server.get();
  int done = 0;
  for (int step = 0; step < 3 && done == 0; ++step) {
    done = Network::Act(client);
    if (done == 0) {
      ASSERT_EQ(Network::Act(server), 0);
    }
  }
  ASSERT_EQ(done, 1);
  std::deque<Datagram> flight = std::exchange(network.to_server, {});
  ASSERT_FALSE(flight.empty());
  ASSERT_TRUE(Network::Write(client, "first"));
  ASSERT_EQ(network.to_server.size(), 1u);
  switch (std::get<0>(GetParam())) {
    case Meeting::kInFront:
      EXPECT_EQ(Network::Act(server), 0);
      EXPECT_EQ(SSL_pending(server), 0);
      break;
    case Meeting::kInItsDatagram:
      flight.back().insert(flight.back().end(), network.to_server.front().begin(),
                           network.to_server.front().end());
      network.to_server.clear();
      break;
    case Meeting::kInFrontOfSome:
      break;
  }
  for (Datagram& datagram : flight) network.to_server.push_back(std::move(datagram));
  EXPECT_EQ(Network::Act(server), 1);
  EXPECT_EQ(SSL_pending(server), 5);
  EXPECT_EQ(Network::Read(server), "first");
  ASSERT_TRUE(Network::Write(client, "second"));
  EXPECT_EQ(Network::Read(server), "second");
}

INSTANTIATE_TEST_SUITE_P(Meetings, OvertakingDataTest,
                         testing::Combine(testing::Values(Meeting::kInFront,
                                                          Meeting::kInItsDatagram,
                                                          Meeting::kInFrontOfSome),
                                          testing::Bool()));

class ForgedRecordTest : public testing::TestWithParam<const char*> {};

TEST_P(ForgedRecordTest, LeavesNoErrorBehindAndTheConnectionAsItWas) {
  SslPair pair(Protocol::kDtls13);
  ASSERT_EQ(SSL_CTX_set_ciphersuites(pair.client_ctx.get(), GetParam()), 1);
  ASSERT_EQ(SSL_CTX_set_ciphersuites(pair.server_ctx.get(), GetParam()), 1);
  pair.Make();
  Network network(&pair);
  for (int step = 0; step < 4; ++step) {
    Network::Act(pair.client.get());
    Network::Act(pair.server.get());
  }
  SSL* const server = pair.server.get();
  ASSERT_EQ(SSL_is_init_finished(server), 1);
  for (const bool is_forged : {true, true, false}) {
    ASSERT_TRUE(Network::Write(pair.client.get(), "data"));
    ASSERT_EQ(network.to_server.size(), 1u);
    if (!is_forged) break;
    network.to_server.front().back() ^= 1;
    char byte;
    const int result = SSL_read(server, &byte, 1);
    EXPECT_EQ(result, -1);
    EXPECT_EQ(ERR_peek_error(), 0u);
    EXPECT_EQ(SSL_get_error(server, result), SSL_ERROR_WANT_READ);
    // Nor does it take away what the application has not looked at yet.
    ERR_raise(ERR_LIB_USER, 7);
    ASSERT_TRUE(Network::Write(pair.client.get(), "data"));
    network.to_server.front().back() ^= 1;
    EXPECT_EQ(SSL_read(server, &byte, 1), -1);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), 7);
    EXPECT_EQ(ERR_peek_error(), 0u);
  }
  EXPECT_EQ(Network::Read(server), "data");
}

INSTANTIATE_TEST_SUITE_P(Suites, ForgedRecordTest,
                         testing::Values("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
                                         "TLS_AES_256_GCM_SHA384"));

}  // namespace
}  // namespace dtls13::shim
