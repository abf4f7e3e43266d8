// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/shim_connection.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>

namespace dtls13::bench {
namespace {

using shim::Protocol;

constexpr char kSuite[] = "TLS_AES_128_GCM_SHA256";
constexpr char kCipher[] = "ECDHE-ECDSA-AES128-GCM-SHA256";
// What an Ethernet path leaves: no BIO in memory knows a better one.
constexpr long kMtu = 1452;

// Socket is one of loopback, that does not block.
struct Socket {
  int descriptor;
  sockaddr_in address;
};

Socket NewSocket() {
  Socket made = {.descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                 .address = {}};
  made.address.sin_family = AF_INET;
  made.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* address = reinterpret_cast<sockaddr*>(&made.address);
  socklen_t len = sizeof(made.address);
  if (bind(made.descriptor, address, len) != 0 ||
      getsockname(made.descriptor, address, &len) != 0) {
    Die("no socket");
  }
  return made;
}

BIO* NewSocketBio(const Socket& own, const Socket& peer, Transport transport) {
  BIO* bio = BIO_new_dgram(own.descriptor, BIO_CLOSE);
  BIO_ADDR* address = BIO_ADDR_new();
  BIO_ADDR_rawmake(address, AF_INET, &peer.address.sin_addr, sizeof(peer.address.sin_addr),
                   peer.address.sin_port);
  int command = BIO_CTRL_DGRAM_SET_PEER;
  if (transport == Transport::kConnectedUdp) {
    if (connect(own.descriptor, reinterpret_cast<const sockaddr*>(&peer.address),
                sizeof(peer.address)) != 0) {
      Die("a socket does not connect");
    }
    command = BIO_CTRL_DGRAM_SET_CONNECTED;
  }
  BIO_ctrl(bio, command, 0, address);
  BIO_ADDR_free(address);
  return bio;
}

void Share(const shim::CtxPtr& from, shim::CtxPtr* to) {
  SSL_CTX_up_ref(from.get());
  to->reset(from.get());
}

// Step is true once `ssl` is up.
bool Step(SSL* ssl) {
  const int result = SSL_do_handshake(ssl);
  if (result == 1) return true;
  if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) Die("a handshake failed");
  return false;
}

void HearTheRest(SSL* ssl) {
  uint8_t nothing;
  if (SSL_read(ssl, &nothing, 1) > 0) Die("there was data");
  ERR_clear_error();
}

}  // namespace

void Die(const char* what) {
  std::fprintf(stderr, "shim: %s\n", what);
  std::exit(1);
}

ShimConnection::ShimConnection(Protocol protocol, Transport transport)
    : protocol_(protocol), transport_(transport), pair_(protocol) {
  for (SSL_CTX* ctx : {client_ctx(), server_ctx()}) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    if (SSL_CTX_set_ciphersuites(ctx, kSuite) != 1 || SSL_CTX_set_cipher_list(ctx, kCipher) != 1) {
      Die("no such cipher suite");
    }
    // Without it TLS reads five bytes of a record first, which is two reads where DTLS has one.
    if (protocol == Protocol::kTls13) SSL_CTX_set_read_ahead(ctx, 1);
  }
}

ShimConnection::ShimConnection(const ShimConnection& other)
    : protocol_(other.protocol_), transport_(other.transport_), pair_(other.protocol_) {
  Share(other.pair_.client_ctx, &pair_.client_ctx);
  Share(other.pair_.server_ctx, &pair_.server_ctx);
}

void ShimConnection::Make() {
  BIO* client_bio;
  BIO* server_bio;
  if (transport_ == Transport::kMemory) {
    client_bio = shim::NewRingBio(&to_client_, &to_server_);
    server_bio = shim::NewRingBio(&to_server_, &to_client_);
  } else {
    const Socket client_socket = NewSocket();
    const Socket server_socket = NewSocket();
    client_bio = NewSocketBio(client_socket, server_socket, transport_);
    server_bio = NewSocketBio(server_socket, client_socket, transport_);
  }
  pair_.Make(client_bio, server_bio);
  if (protocol_ == Protocol::kTls13) return;
  SSL_set_mtu(client(), kMtu);
  SSL_set_mtu(server(), kMtu);
}

void ShimConnection::Handshake() {
  bool client_is_up = false;
  bool server_is_up = false;
  while (!client_is_up || !server_is_up) {
    if (!client_is_up) client_is_up = Step(client());
    if (!server_is_up) server_is_up = Step(server());
  }
  HearTheRest(client());
  HearTheRest(server());
}

void ShimConnection::Write(const uint8_t* data, size_t len) {
  if (SSL_write(client(), data, static_cast<int>(len)) != static_cast<int>(len)) {
    Die("data was not sent");
  }
}

void ShimConnection::Read(uint8_t* out, size_t out_len, size_t len) {
  if (SSL_read(server(), out, static_cast<int>(out_len)) != static_cast<int>(len)) {
    Die("data was lost");
  }
}

}  // namespace dtls13::bench
