// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_TESTING_SSL_PAIR_H_
#define DTLS13_SHIM_TESTING_SSL_PAIR_H_

#include <gtest/gtest.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// Protocol is what a pair speaks. libssl's TLS 1.3, or its DTLS 1.2 for what TLS does not have, is
// the measure of what an application is to see of our DTLS 1.3.
enum class Protocol { kTls13, kDtls12, kDtls13 };

// ProtocolName names instances of parameterised tests.
std::string ProtocolName(const testing::TestParamInfo<Protocol>& info);

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using CtxPtr = std::unique_ptr<SSL_CTX, SslFree>;

// TestCertificate is a throw-away key ("RSA", "RSA-PSS", "ED25519" or a curve of ECDSA; those of
// RSA are one each for the process) with a certificate that `issuer` made, or itself, by SHA-256
// where the issuer's key has no hash of its own.
struct TestCertificate {
  explicit TestCertificate(const std::string& name, const TestCertificate* issuer = nullptr,
                           const char* key = "P-256");
  // SignAgain has `issuer`, or itself, sign by another hash.
  void SignAgain(const TestCertificate* issuer, const EVP_MD* hash);
  void UseOn(SSL_CTX* ctx) const;

  OpenSslPtr<EVP_PKEY> key;
  OpenSslPtr<X509> certificate;
};

// SslPair is a client and a server in one process, connected by memory BIOs. Change the contexts,
// Make the SSLs, change those, Run.
class SslPair {
 public:
  // End is how far one side came.
  struct End {
    bool is_up = false;
    int reason = 0;  // of its first error on the queue, ERR_LIB_SSL
    // What SSL_get_error and SSL_want said whenever a callback was to be called again.
    std::vector<std::pair<int, int>> retries = {};
  };

  // The server has a certificate.
  explicit SslPair(Protocol protocol);

  void Make();
  // With the caller's BIOs, each for reading and writing, which become the SSLs'.
  void Make(BIO* client_bio, BIO* server_bio);
  // Run lets both sides act by turns until each is up or has failed, and hears its peer's last
  // words. It leaves the error queue empty.
  void Run();

  CtxPtr client_ctx;
  CtxPtr server_ctx;
  SslPtr client;
  SslPtr server;
  End client_end;
  End server_end;

 private:
  void MakeSsls();
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_TESTING_SSL_PAIR_H_
