// SPDX-License-Identifier: Apache-2.0
// Blocking sockets: who waits, for how long, and what a lost datagram does to it.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using CtxPtr = std::unique_ptr<SSL_CTX, SslFree>;

CtxPtr NewServerCtx() {
  CtxPtr ctx(SSL_CTX_new(DTLS_server_method()));
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(ctx.get(), certificate);
  SSL_CTX_use_PrivateKey(ctx.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ctx;
}

// SocketPair is two blocking UDP sockets on loopback, connected to each other.
class SocketPair {
 public:
  SocketPair() {
    std::array<sockaddr_in, 2> addresses = {};
    for (int i = 0; i < 2; ++i) {
      descriptors[i] = socket(AF_INET, SOCK_DGRAM, 0);
      addresses[i].sin_family = AF_INET;
      addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      bind(descriptors[i], reinterpret_cast<sockaddr*>(&addresses[i]), sizeof(sockaddr_in));
      socklen_t len = sizeof(sockaddr_in);
      getsockname(descriptors[i], reinterpret_cast<sockaddr*>(&addresses[i]), &len);
    }
    for (int i = 0; i < 2; ++i) {
      connect(descriptors[i], reinterpret_cast<sockaddr*>(&addresses[1 - i]), sizeof(sockaddr_in));
    }
  }
  ~SocketPair() {
    for (int descriptor : descriptors) close(descriptor);
  }

  std::array<int, 2> descriptors = {-1, -1};
};

unsigned int FastTimer(SSL* /*ssl*/, unsigned int previous_us) {
  return previous_us == 0 ? 50000 : previous_us * 2;
}

enum class Bio { kSocket, kDatagram };

SslPtr NewSsl(SSL_CTX* ctx, Bio kind, int descriptor) {
  SslPtr ssl(SSL_new(ctx));
  DTLS_set_timer_cb(ssl.get(), FastTimer);
  if (kind == Bio::kSocket) {
    SSL_set_fd(ssl.get(), descriptor);  // what socat and ncat do
    return ssl;
  }
  BIO* bio = BIO_new_dgram(descriptor, BIO_NOCLOSE);
  sockaddr_in peer;
  socklen_t len = sizeof(peer);
  getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &len);
  BIO_ctrl_set_connected(bio, &peer);
  SSL_set_bio(ssl.get(), bio, bio);
  return ssl;
}

class SocketTest : public testing::TestWithParam<Bio> {
 protected:
  SocketTest() : server_ctx_(NewServerCtx()), client_ctx_(SSL_CTX_new(DTLS_client_method())) {}

  void DropNext(int descriptor) {
    char buffer[4096];
    ASSERT_GT(recv(descriptor, buffer, sizeof(buffer), 0), 0);
  }

  static void SetReceiveTimeout(int descriptor, const timeval& timeout) {
    EXPECT_EQ(setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
  }

  CtxPtr server_ctx_;
  CtxPtr client_ctx_;
};

TEST_P(SocketTest, LostFirstFlightDoesNotBlockForEver) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  int connected = 0;
  std::thread caller([&] { connected = SSL_connect(client.get()); });
  DropNext(sockets.descriptors[1]);
  EXPECT_EQ(SSL_accept(server.get()), 1);
  caller.join();
  EXPECT_EQ(connected, 1);
  EXPECT_EQ(SSL_version(client.get()), DTLS1_3_VERSION);

  EXPECT_EQ(SSL_write(client.get(), "over", 4), 4);
  char word[8];
  EXPECT_EQ(SSL_read(server.get(), word, sizeof(word)), 4);
  // The peer is silent from here on: closing waits for it within bounds.
  EXPECT_EQ(SSL_shutdown(client.get()), 0);
  const int silent = SSL_shutdown(client.get());
  EXPECT_EQ(silent, -1);
  EXPECT_EQ(SSL_get_error(client.get(), silent), SSL_ERROR_SYSCALL);
}

TEST_P(SocketTest, AnEmptyDatagramIsNoEnd) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  const auto send_nothing = [&](int side) {
    EXPECT_EQ(send(sockets.descriptors[side], nullptr, 0, 0), 0);
  };
  send_nothing(0);
  send_nothing(1);
  int connected = 0;
  std::thread caller([&] { connected = SSL_connect(client.get()); });
  EXPECT_EQ(SSL_accept(server.get()), 1);
  caller.join();
  EXPECT_EQ(connected, 1);

  send_nothing(0);
  EXPECT_EQ(SSL_write(client.get(), "over", 4), 4);
  char word[8];
  EXPECT_EQ(SSL_read(server.get(), word, sizeof(word)), 4);

  EXPECT_EQ(shutdown(sockets.descriptors[1], SHUT_RD), 0);
  const int ended = SSL_read(server.get(), word, sizeof(word));
  EXPECT_EQ(ended, -1);
  EXPECT_EQ(SSL_get_error(server.get(), ended), SSL_ERROR_SYSCALL);
}

TEST_P(SocketTest, OneContextServesManyThreads) {
  constexpr int kNumThreads = 4;
  std::vector<SocketPair> sockets(kNumThreads);
  std::vector<std::thread> threads;
  std::array<int, kNumThreads> echoed = {};
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([&, i] {
      SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets[i].descriptors[1]);
      char word[8];
      if (SSL_accept(server.get()) != 1) return;
      const int len = SSL_read(server.get(), word, sizeof(word));
      if (len > 0) SSL_write(server.get(), word, len);
    });
    threads.emplace_back([&, i] {
      SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets[i].descriptors[0]);
      char word[8];
      if (SSL_connect(client.get()) != 1 || SSL_write(client.get(), "word", 4) != 4) return;
      echoed[i] = SSL_read(client.get(), word, sizeof(word));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int len : echoed) EXPECT_EQ(len, 4);
}

TEST_P(SocketTest, AReceiveTimeoutEndsARead) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  std::thread caller([&] { SSL_connect(client.get()); });
  EXPECT_EQ(SSL_accept(server.get()), 1);
  caller.join();
  SetReceiveTimeout(sockets.descriptors[1], {.tv_sec = 0, .tv_usec = 50000});
  char word[8];
  const int silent = SSL_read(server.get(), word, sizeof(word));
  EXPECT_EQ(silent, -1);
  EXPECT_EQ(SSL_get_error(server.get(), silent), SSL_ERROR_WANT_READ);
  EXPECT_EQ(SSL_write(client.get(), "over", 4), 4);
  // Records without data may be before it.
  int num_read = -1;
  for (int tries = 0; tries < 20 && num_read <= 0; ++tries) {
    num_read = SSL_read(server.get(), word, sizeof(word));
  }
  EXPECT_EQ(num_read, 4);
}

// The usual client: asks, and waits for the answer no longer than so long. Tickets come before it.
TEST_P(SocketTest, ARecordWithoutDataDoesNotEndAReadForAnAnswer) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  SetReceiveTimeout(sockets.descriptors[0], {.tv_sec = 40, .tv_usec = 0});
  std::thread echo([&] {
    char word[8];
    if (SSL_accept(server.get()) != 1) return;
    const int len = SSL_read(server.get(), word, sizeof(word));
    if (len > 0) SSL_write(server.get(), word, len);
  });
  EXPECT_EQ(SSL_connect(client.get()), 1);
  EXPECT_EQ(SSL_write(client.get(), "word", 4), 4);
  char word[8];
  EXPECT_EQ(SSL_read(client.get(), word, sizeof(word)), 4);
  echo.join();
}

// The usual server: reads for the first request, and sees the ACK of its tickets before it.
TEST_P(SocketTest, AnAckDoesNotEndAReadForTheFirstRequest) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  SetReceiveTimeout(sockets.descriptors[1], {.tv_sec = 40, .tv_usec = 0});
  std::thread asking([&] {
    if (SSL_connect(client.get()) != 1) return;
    // Takes the tickets, and sends their ACK in a datagram of its own.
    SetReceiveTimeout(sockets.descriptors[0], {.tv_sec = 1, .tv_usec = 0});
    char word[8];
    EXPECT_EQ(SSL_read(client.get(), word, sizeof(word)), -1);
    EXPECT_EQ(SSL_write(client.get(), "word", 4), 4);
  });
  EXPECT_EQ(SSL_accept(server.get()), 1);
  char word[8];
  EXPECT_EQ(SSL_read(server.get(), word, sizeof(word)), 4);
  asking.join();
}

// Who reads because the socket is readable, with a lock that the writer wants, and bounds the wait.
TEST_P(SocketTest, ARecordWithoutDataEndsAReadThatIsBounded) {
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  std::thread caller([&] { SSL_connect(client.get()); });
  EXPECT_EQ(SSL_accept(server.get()), 1);
  caller.join();
  constexpr int kTimeoutS = 40;
  if (GetParam() == Bio::kDatagram) {
    timeval timeout = {.tv_sec = kTimeoutS, .tv_usec = 0};
    BIO_ctrl(SSL_get_rbio(client.get()), BIO_CTRL_DGRAM_SET_RECV_TIMEOUT, 0, &timeout);
  } else {
    SetReceiveTimeout(sockets.descriptors[0], {.tv_sec = kTimeoutS, .tv_usec = 0});
  }
  // Tickets are there; an answer comes only to a request, which waits for this read.
  char word[8];
  const auto begin = std::chrono::steady_clock::now();
  const int nothing = SSL_read(client.get(), word, sizeof(word));
  EXPECT_EQ(nothing, -1);
  EXPECT_EQ(SSL_get_error(client.get(), nothing), SSL_ERROR_WANT_READ);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(kTimeoutS / 2));
}

int FillTicket(SSL* ssl, void* /*arg*/) {
  const std::string data(400, 'x');
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), data.data(), data.size());
}

// The answer to a KeyUpdate goes before data, and here behind more tickets than may be on their
// way: a caller that has chosen to wait waits.
TEST_P(SocketTest, AWriteWaitsForTheAnswerToAKeyUpdate) {
  SSL_CTX_set_num_tickets(server_ctx_.get(), 8);
  SSL_CTX_set_session_ticket_cb(server_ctx_.get(), FillTicket, nullptr, nullptr);
  SocketPair sockets;
  SslPtr client = NewSsl(client_ctx_.get(), GetParam(), sockets.descriptors[0]);
  SslPtr server = NewSsl(server_ctx_.get(), GetParam(), sockets.descriptors[1]);
  SSL_set_options(server.get(), SSL_OP_NO_QUERY_MTU);
  SSL_set_mtu(server.get(), 256);
  std::thread asking([&] {
    if (SSL_connect(client.get()) != 1) return;
    SSL_key_update(client.get(), SSL_KEY_UPDATE_REQUESTED);
    EXPECT_EQ(SSL_write(client.get(), "word", 4), 4);
    char word[8];
    EXPECT_EQ(SSL_read(client.get(), word, sizeof(word)), 4);
  });
  EXPECT_EQ(SSL_accept(server.get()), 1);
  char word[8];
  EXPECT_EQ(SSL_read(server.get(), word, sizeof(word)), 4);
  const int result = SSL_write(server.get(), word, 4);
  EXPECT_EQ(result, 4) << SSL_get_error(server.get(), result);
  if (result != 4) shutdown(sockets.descriptors[0], SHUT_RDWR);
  asking.join();
}

INSTANTIATE_TEST_SUITE_P(Bios, SocketTest, testing::Values(Bio::kSocket, Bio::kDatagram),
                         [](const auto& info) {
                           return info.param == Bio::kSocket ? "Socket" : "Datagram";
                         });

}  // namespace
