// SPDX-License-Identifier: Apache-2.0
// A program of libssl's, which knows nothing of this library: what it prints for each line of its
// input are the ns of an SSL_write, an SSL_read and a handshake, both ends, of the protocol that
// its argument names. //tools/bench:shim runs it with the library preloaded and without.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ring_bio.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr size_t kRecords = 4000;
constexpr size_t kBatch = 4;
constexpr size_t kHandshakes = 10;
constexpr size_t kLen = 64;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "libssl_user: %s\n", what);
  std::exit(1);
}

// Ends is a client and a server of one version.
class Ends {
 public:
  explicit Ends(bool is_tls)
      : is_tls_(is_tls),
        client_ctx_(NewContext(is_tls ? TLS_client_method() : DTLS_client_method())),
        server_ctx_(NewContext(is_tls ? TLS_server_method() : DTLS_server_method())) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    if (X509_sign(certificate, key, EVP_sha256()) == 0 ||
        SSL_CTX_use_certificate(server_ctx_, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(server_ctx_, key) != 1) {
      Die("no certificate");
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  void Connect() {
    SSL_free(client_);
    SSL_free(server_);
    client_ = SSL_new(client_ctx_);
    server_ = SSL_new(server_ctx_);
    SSL_set_connect_state(client_);
    SSL_set_accept_state(server_);
    BIO* client_bio = shim::NewRingBio(&to_client_, &to_server_);
    BIO* server_bio = shim::NewRingBio(&to_server_, &to_client_);
    SSL_set_bio(client_, client_bio, client_bio);
    SSL_set_bio(server_, server_bio, server_bio);
    if (!is_tls_) {
      SSL_set_mtu(client_, 1400);
      SSL_set_mtu(server_, 1400);
    }
    for (bool is_up = false; !is_up;) {
      const int client = SSL_do_handshake(client_);
      const int server = SSL_do_handshake(server_);
      is_up = client == 1 && server == 1;
      if (!is_up && SSL_get_error(client_, client) == SSL_ERROR_SSL) Die("no handshake");
    }
    char nothing;
    if (SSL_read(client_, &nothing, 1) > 0) Die("there was data");
    ERR_clear_error();
  }

  void Write() {
    if (SSL_write(client_, data_.data(), kLen) != kLen) Die("data was not sent");
  }
  void Read() {
    if (SSL_read(server_, data_.data(), data_.size()) != kLen) Die("data was lost");
  }

 private:
  SSL_CTX* NewContext(const SSL_METHOD* method) const {
    SSL_CTX* ctx = SSL_CTX_new(method);
    const int version = is_tls_ ? TLS1_3_VERSION : DTLS1_2_VERSION;
    if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, version) != 1) {
      Die("no such version");
    }
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_read_ahead(ctx, 1);
    return ctx;
  }

  const bool is_tls_;
  SSL_CTX* client_ctx_;
  SSL_CTX* server_ctx_;
  SSL* client_ = nullptr;
  SSL* server_ = nullptr;
  std::array<char, 2048> data_ = {};
  shim::DatagramRing to_client_;
  shim::DatagramRing to_server_;
};

int Main(bool is_tls) {
  Ends ends(is_tls);
  while (std::getchar() == '\n') {
    const double handshake_ns = NanosecondsEach(kHandshakes, [&](size_t) { ends.Connect(); });
    double write_ns = 1e9;
    double read_ns = 1e9;
    for (size_t i = 0; i < kRecords; i += kBatch) {
      write_ns = std::min(write_ns, NanosecondsEach(kBatch, [&](size_t) { ends.Write(); }));
      read_ns = std::min(read_ns, NanosecondsEach(kBatch, [&](size_t) { ends.Read(); }));
    }
    std::printf("%.2f %.2f %.2f\n", write_ns, read_ns, handshake_ns);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main(int argc, char** argv) {
  return dtls13::bench::Main(argc > 1 && std::strcmp(argv[1], "tls1.3") == 0);
}
