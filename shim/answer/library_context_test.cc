// SPDX-License-Identifier: Apache-2.0
// SSLs of a library context of their own, in a process whose default one has no algorithms.

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// OwnContext is a library context with the default provider's algorithms.
class OwnContext {
 public:
  OwnContext() : context_(OSSL_LIB_CTX_new()), provider_(OSSL_PROVIDER_load(context_, "default")) {}
  ~OwnContext() {
    OSSL_PROVIDER_unload(provider_);
    OSSL_LIB_CTX_free(context_);
  }
  OwnContext(const OwnContext&) = delete;
  OwnContext& operator=(const OwnContext&) = delete;

  OSSL_LIB_CTX* get() const { return context_; }
  bool ok() const { return provider_ != nullptr; }

 private:
  OSSL_LIB_CTX* context_;
  OSSL_PROVIDER* provider_;
};

TEST(LibraryContextTest, NothingIsFetchedFromTheDefaultOne) {
  // libcrypto frees ex_data by the default context's list of slots, so ours are to be in it.
  { const SslPair first(Protocol::kDtls13); }
  static const OSSL_PROVIDER* const none = OSSL_PROVIDER_load(nullptr, "null");
  ASSERT_NE(none, nullptr);
  const OwnContext context;
  ASSERT_TRUE(context.ok());
  OSSL_LIB_CTX* own = context.get();
  // Only the making of the certificate takes a default.
  OSSL_LIB_CTX* global = OSSL_LIB_CTX_set0_default(own);
  SslPair pair(Protocol::kDtls13);
  const TestCertificate certificate("localhost");
  OSSL_LIB_CTX_set0_default(global);
  pair.client_ctx.reset(SSL_CTX_new_ex(own, nullptr, DTLS_client_method()));
  pair.server_ctx.reset(SSL_CTX_new_ex(own, nullptr, DTLS_server_method()));
  ASSERT_NE(pair.server_ctx, nullptr);
  certificate.UseOn(pair.server_ctx.get());
  pair.Make();
  ERR_clear_error();
  for (int turn = 0; turn < 4; ++turn) {
    for (SSL* ssl : {pair.client.get(), pair.server.get()}) {
      const int result = SSL_do_handshake(ssl);
      EXPECT_TRUE(result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ);
    }
  }
  EXPECT_STREQ(SSL_get_version(pair.client.get()), "DTLSv1.3");
  // Brings the tickets, of which the client makes sessions.
  char byte;
  EXPECT_EQ(SSL_get_error(pair.client.get(), SSL_read(pair.client.get(), &byte, 1)),
            SSL_ERROR_WANT_READ);
  EXPECT_EQ(ERR_peek_error(), 0U);
  const SSL_SESSION* session = SSL_get_session(pair.client.get());
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(SSL_SESSION_is_resumable(session), 1);
  unsigned int id_len = 0;
  SSL_SESSION_get_id(session, &id_len);
  EXPECT_EQ(id_len, 32U);
}

}  // namespace
}  // namespace dtls13::shim
