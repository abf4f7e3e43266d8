// SPDX-License-Identifier: Apache-2.0
// Sockets that are not connected, where anybody's datagrams arrive: libcrypto's BIO sends to
// whoever sent last.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "shim/bio/peer_address.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// Socket is a non-blocking UDP socket on loopback.
class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_DGRAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(address_);
    EXPECT_EQ(bind(descriptor_, Generic(), len), 0);
    EXPECT_EQ(getsockname(descriptor_, Generic(), &len), 0);
    EXPECT_EQ(fcntl(descriptor_, F_SETFL, O_NONBLOCK), 0);
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int descriptor() const { return descriptor_; }
  AddressPtr Address() const {
    AddressPtr address(BIO_ADDR_new());
    BIO_ADDR_rawmake(address.get(), AF_INET, &address_.sin_addr, sizeof(address_.sin_addr),
                     address_.sin_port);
    return address;
  }
  void Connect(Socket& peer) {
    EXPECT_EQ(connect(descriptor_, peer.Generic(), sizeof(peer.address_)), 0);
  }
  void SendTo(Socket& peer, const std::string& data) {
    EXPECT_EQ(
        sendto(descriptor_, data.data(), data.size(), 0, peer.Generic(), sizeof(peer.address_)),
        static_cast<ssize_t>(data.size()));
  }
  // How many datagrams there are; they are gone then.
  int Drain() {
    char datagram[4096];
    int num = 0;
    while (recv(descriptor_, datagram, sizeof(datagram), 0) >= 0) ++num;
    return num;
  }

 private:
  sockaddr* Generic() { return reinterpret_cast<sockaddr*>(&address_); }

  int descriptor_;
  sockaddr_in address_ = {};
};

void UseUnconnected(SSL* ssl, const Socket& socket, const Socket& peer) {
  BIO* bio = BIO_new_dgram(socket.descriptor(), BIO_NOCLOSE);
  EXPECT_EQ(BIO_dgram_set_peer(bio, peer.Address().get()), 1);
  SSL_set_bio(ssl, bio, bio);
}

void UseConnected(SSL* ssl, Socket& socket, Socket& peer) {
  socket.Connect(peer);
  BIO* bio = BIO_new_dgram(socket.descriptor(), BIO_NOCLOSE);
  BIO_ctrl_set_connected(bio, peer.Address().get());
  SSL_set_bio(ssl, bio, bio);
}

std::string Read(SSL* ssl) {
  char data[64];
  const int len = SSL_read(ssl, data, sizeof(data));
  return len > 0 ? std::string(data, static_cast<size_t>(len)) : "";
}

class StrangerTest : public testing::Test {
 protected:
  StrangerTest() : pair_(Protocol::kDtls13) {}
  ~StrangerTest() override { ERR_clear_error(); }

  // What a stranger can send without a key; one byte is enough, or none.
  void Disturb(Socket& victim) {
    for (const char* datagram : {"", "/", "\x16\xfe\xfd"}) stranger_.SendTo(victim, datagram);
  }

  // The handshake of both, with a stranger's datagrams at `victim` before each of its turns.
  void Handshake(SSL* unconnected, Socket& victim, SSL* other) {
    for (int turn = 0;
         turn < 20 && (SSL_is_init_finished(unconnected) == 0 || SSL_is_init_finished(other) == 0);
         ++turn) {
      if (SSL_get_state(unconnected) != TLS_ST_BEFORE) Disturb(victim);
      if (SSL_is_init_finished(unconnected) == 0) SSL_do_handshake(unconnected);
      if (SSL_is_init_finished(other) == 0) SSL_do_handshake(other);
      ERR_clear_error();
    }
    EXPECT_EQ(SSL_is_init_finished(unconnected), 1);
    EXPECT_EQ(SSL_is_init_finished(other), 1);
  }

  void ExpectUndisturbed(SSL* unconnected, Socket& victim, SSL* other) {
    for (int round = 0; round < 3; ++round) {
      Disturb(victim);
      EXPECT_EQ(Read(unconnected), "");
      ERR_clear_error();
      EXPECT_EQ(SSL_write(unconnected, "secret", 6), 6);
      Read(other);  // records of libssl's or ours that carry no data may be first
      ERR_clear_error();
    }
    EXPECT_EQ(SSL_write(other, "reply", 5), 5);
    Disturb(victim);
    EXPECT_EQ(Read(unconnected), "reply");
    EXPECT_EQ(SSL_write(unconnected, "last", 4), 4);
    std::string last;
    for (int tries = 0; tries < 10 && last != "last"; ++tries) last = Read(other);
    EXPECT_EQ(last, "last");
    EXPECT_EQ(stranger_.Drain(), 0);
  }

  SslPair pair_;
  Socket client_socket_;
  Socket server_socket_;
  Socket stranger_;
};

// The parameter is the newest version that the server has.
class StrangerAtTheClientTest : public StrangerTest, public testing::WithParamInterface<int> {
 protected:
  void Connect() {
    SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), 0);
    SSL_CTX_set_min_proto_version(pair_.server_ctx.get(), 0);
    SSL_CTX_set_max_proto_version(pair_.server_ctx.get(), GetParam());
    pair_.Make();
    UseUnconnected(pair_.client.get(), client_socket_, server_socket_);
    UseConnected(pair_.server.get(), server_socket_, client_socket_);
    Handshake(pair_.client.get(), client_socket_, pair_.server.get());
    EXPECT_EQ(SSL_version(pair_.client.get()), GetParam());
  }
};

//= rfc9147#section-11
//= type=test
//# DTLS implementations MUST NOT update the address they send to in
//# response to packets from a different address unless they first
//# perform some reachability test; no such test is defined in this
//# specification and a future specification would need to specify a
//# complete procedure for how and when to update addresses.
TEST_P(StrangerAtTheClientTest, GetsNothing) {
  Connect();
  ExpectUndisturbed(pair_.client.get(), client_socket_, pair_.server.get());
}

TEST_P(StrangerAtTheClientTest, IsThePeerOnceTheApplicationSaysSo) {
  Connect();
  EXPECT_EQ(BIO_dgram_set_peer(SSL_get_rbio(pair_.client.get()), stranger_.Address().get()), 1);
  Read(pair_.client.get());
  ERR_clear_error();
  EXPECT_EQ(SSL_write(pair_.client.get(), "moved", 5), 5);
  EXPECT_GE(stranger_.Drain(), 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, StrangerAtTheClientTest,
                         testing::Values(DTLS1_3_VERSION, DTLS1_2_VERSION), [](const auto& info) {
                           return info.param == DTLS1_3_VERSION ? "Dtls13" : "Dtls12";
                         });

// Whoever answers is the peer, where the client did not name one host.
TEST_F(StrangerTest, IsWhomTheClientAskedForWhereThatIsAnybody) {
  pair_.Make();
  BIO* bio = BIO_new_dgram(client_socket_.descriptor(), BIO_NOCLOSE);
  const AddressPtr any = server_socket_.Address();
  const in_addr unspecified = {.s_addr = INADDR_ANY};
  BIO_ADDR_rawmake(any.get(), AF_INET, &unspecified, sizeof(unspecified),
                   BIO_ADDR_rawport(any.get()));
  EXPECT_EQ(BIO_dgram_set_peer(bio, any.get()), 1);
  SSL_set_bio(pair_.client.get(), bio, bio);
  UseConnected(pair_.server.get(), server_socket_, client_socket_);
  pair_.Run();
  EXPECT_TRUE(pair_.client_end.is_up);
  EXPECT_TRUE(pair_.server_end.is_up);
  ExpectUndisturbed(pair_.client.get(), client_socket_, pair_.server.get());
}

TEST_F(StrangerTest, GetsNothingFromAServer) {
  pair_.Make();
  UseUnconnected(pair_.server.get(), server_socket_, client_socket_);
  UseConnected(pair_.client.get(), client_socket_, server_socket_);
  SSL_do_handshake(pair_.client.get());
  SSL_do_handshake(pair_.server.get());
  Handshake(pair_.server.get(), server_socket_, pair_.client.get());
  ExpectUndisturbed(pair_.server.get(), server_socket_, pair_.client.get());
}

}  // namespace
}  // namespace dtls13::shim
