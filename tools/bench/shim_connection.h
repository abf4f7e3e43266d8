// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_SHIM_CONNECTION_H_
#define DTLS13_TOOLS_BENCH_SHIM_CONNECTION_H_

#include <cstddef>
#include <cstdint>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ring_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::bench {

// Transport is what lies between a client and its server: memory that costs next to nothing, or
// UDP sockets on loopback, with and without connect(2).
enum class Transport : uint8_t { kMemory, kConnectedUdp, kUnconnectedUdp };

// ShimConnection is a client and a server of one protocol, both driven by the calling thread
// through the functions of libssl's that an application calls. A step that fails ends the process.
class ShimConnection {
 public:
  // The two contexts are its own, to be changed before Connect.
  explicit ShimConnection(shim::Protocol protocol, Transport transport = Transport::kMemory);
  // Beside another thread's, on the contexts of `other`.
  explicit ShimConnection(const ShimConnection& other);
  ShimConnection& operator=(const ShimConnection&) = delete;

  SSL_CTX* client_ctx() { return pair_.client_ctx.get(); }
  SSL_CTX* server_ctx() { return pair_.server_ctx.get(); }
  SSL* client() { return pair_.client.get(); }
  SSL* server() { return pair_.server.get(); }
  const shim::DatagramRing& to_client() const { return to_client_; }
  const shim::DatagramRing& to_server() const { return to_server_; }

  // Make makes both SSLs anew, joined by the transport.
  void Make();
  // Handshake runs them until both are up and have heard what follows: tickets and ACKs.
  void Handshake();

  // Write and Read are one record, of the client's and by the server.
  void Write(const uint8_t* data, size_t len);
  void Read(uint8_t* out, size_t out_len, size_t len);

 private:
  shim::Protocol protocol_;
  Transport transport_;
  shim::SslPair pair_;
  shim::DatagramRing to_client_;
  shim::DatagramRing to_server_;
};

// Die ends the process with what went wrong.
[[noreturn]] void Die(const char* what);

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_SHIM_CONNECTION_H_
