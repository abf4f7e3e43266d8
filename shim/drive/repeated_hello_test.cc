// SPDX-License-Identifier: Apache-2.0
// A listening server hears a client again that it has let through, before the program has given
// that client a socket of its own.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Datagram = std::vector<uint8_t>;

// Any cookie is good: who shows it is what ours, around it, says.
int MakeCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* len) {
  *cookie = 1;
  *len = 1;
  return 1;
}
int VerifyCookie(SSL* /*ssl*/, const unsigned char* /*cookie*/, unsigned int len) {
  return len == 1;
}
int MakeStatelessCookie(SSL* /*ssl*/, unsigned char* cookie, size_t* len) {
  *cookie = 1;
  *len = 1;
  return 1;
}
int VerifyStatelessCookie(SSL* /*ssl*/, const unsigned char* /*cookie*/, size_t len) {
  return len == 1;
}

class Socket {
 public:
  Socket() : descriptor(socket(AF_INET, SOCK_DGRAM, 0)) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    socklen_t len = sizeof(address);
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &len);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { close(descriptor); }

  void Connect(const Socket& peer) {
    connect(descriptor, reinterpret_cast<const sockaddr*>(&peer.address), sizeof(sockaddr_in));
  }

  int descriptor;
  sockaddr_in address = {};
};

struct AddressFree {
  void operator()(BIO_ADDR* address) const { BIO_ADDR_free(address); }
};

// Client is a client of its own port, whose datagrams the test carries.
class Client {
 public:
  Client(SSL_CTX* ctx, const Socket& server) : ssl_(SSL_new(ctx)) {
    socket_.Connect(server);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_options(ssl_.get(), SSL_OP_NO_QUERY_MTU);
    SSL_set_mtu(ssl_.get(), 1400);
  }

  // Hello is what the client has to say next.
  Datagram Hello() {
    EXPECT_EQ(SSL_connect(ssl_.get()), -1);
    Datagram datagram(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())));
    BIO_read(SSL_get_wbio(ssl_.get()), datagram.data(), static_cast<int>(datagram.size()));
    return datagram;
  }
  void Send(const Datagram& datagram) {
    ASSERT_EQ(send(socket_.descriptor, datagram.data(), datagram.size(), 0),
              static_cast<ssize_t>(datagram.size()));
  }
  void Hear() {
    std::array<uint8_t, 4096> datagram;
    const ssize_t len = recv(socket_.descriptor, datagram.data(), datagram.size(), 0);
    ASSERT_GT(len, 0);
    BIO_write(SSL_get_rbio(ssl_.get()), datagram.data(), static_cast<int>(len));
  }

 private:
  SslPtr ssl_;
  Socket socket_;
};

enum class Call { kListen, kStateless };

class RepeatedHelloTest : public testing::TestWithParam<Call> {
 protected:
  RepeatedHelloTest() : pair_(Protocol::kDtls13) {
    SSL_CTX_set_cookie_generate_cb(server_ctx(), MakeCookie);
    SSL_CTX_set_cookie_verify_cb(server_ctx(), VerifyCookie);
    SSL_CTX_set_stateless_cookie_generate_cb(server_ctx(), MakeStatelessCookie);
    SSL_CTX_set_stateless_cookie_verify_cb(server_ctx(), VerifyStatelessCookie);
  }
  SSL_CTX* server_ctx() { return pair_.server_ctx.get(); }

  // NewServer waits a short while where there is nothing to read.
  SslPtr NewServer() {
    SslPtr ssl(SSL_new(server_ctx()));
    BIO* bio = BIO_new_dgram(socket_.descriptor, BIO_NOCLOSE);
    timeval soon = {.tv_sec = 0, .tv_usec = 50'000};
    BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_RECV_TIMEOUT, 0, &soon);
    SSL_set_bio(ssl.get(), bio, bio);
    return ssl;
  }
  int Listen(SSL* ssl) {
    const std::unique_ptr<BIO_ADDR, AddressFree> client(BIO_ADDR_new());
    return GetParam() == Call::kListen ? DTLSv1_listen(ssl, client.get()) : SSL_stateless(ssl);
  }
  // SecondHello lets `server` ask `client` for its cookie.
  Datagram SecondHello(Client* client, SSL* server) {
    client->Send(client->Hello());
    EXPECT_EQ(Listen(server), 0);
    client->Hear();
    return client->Hello();
  }

  SslPair pair_;
  Socket socket_;
};

TEST_P(RepeatedHelloTest, IsNobodysWhereItsClientWasLetThrough) {
  const SslPtr first = NewServer(), second = NewServer(), third = NewServer();
  Client client(pair_.client_ctx.get(), socket_), other(pair_.client_ctx.get(), socket_);
  const Datagram hello = SecondHello(&client, first.get());
  const Datagram others_hello = SecondHello(&other, second.get());
  client.Send(hello);
  client.Send(hello);
  other.Send(others_hello);
  EXPECT_EQ(Listen(first.get()), 1);
  EXPECT_EQ(Listen(third.get()), 0);
  EXPECT_EQ(ERR_peek_error(), 0u);
  EXPECT_EQ(Listen(third.get()), 1) << "another client's";
}

// A program that turns a client away, for want of a socket or of patience, may listen to it again.
TEST_P(RepeatedHelloTest, IsTheNextOnesWhereItsSslHasAnsweredNothing) {
  SslPtr first = NewServer();
  const SslPtr second = NewServer();
  Client client(pair_.client_ctx.get(), socket_);
  const Datagram hello = SecondHello(&client, first.get());
  client.Send(hello);
  EXPECT_EQ(Listen(first.get()), 1);
  first.reset();
  client.Send(hello);
  EXPECT_EQ(Listen(second.get()), 1);
  // It is cleared by the next call, and gives the client back.
  client.Send(hello);
  EXPECT_EQ(Listen(second.get()), 1);
  EXPECT_EQ(SSL_accept(second.get()), -1);
  // Now it has answered.
  const SslPtr third = NewServer();
  client.Send(hello);
  EXPECT_EQ(Listen(third.get()), 0);
}

INSTANTIATE_TEST_SUITE_P(Calls, RepeatedHelloTest, testing::Values(Call::kListen, Call::kStateless),
                         [](const auto& info) {
                           return info.param == Call::kListen ? "Listen" : "Stateless";
                         });

}  // namespace
}  // namespace dtls13::shim
