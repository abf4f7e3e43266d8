// SPDX-License-Identifier: Apache-2.0
// SSLs of a library context of their own, in a process whose default one has no algorithms.

#include <gtest/gtest.h>
#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

// OwnContext is the library context of all pairs, with the default provider's algorithms. It stays:
// a pair's throw-away certificate does, and is of it.
OSSL_LIB_CTX* OwnContext() {
  static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  static const OSSL_PROVIDER* const provider = OSSL_PROVIDER_load(context, "default");
  EXPECT_NE(provider, nullptr);
  return context;
}

// OwnPair is a pair whose SSL_CTXs have a library context of their own. Outside of it, and of the
// making of its certificates, nothing can be fetched.
class OwnPair {
 public:
  explicit OwnPair(const char* key) {
    static const OSSL_PROVIDER* const none = OSSL_PROVIDER_load(nullptr, "null");
    EXPECT_NE(none, nullptr);
    // libcrypto frees ex_data by the default context's list of slots, so ours are to be in it.
    const CtxPtr first(SSL_CTX_new_ex(OwnContext(), nullptr, DTLS_method()));
    SSL_CTX_set_min_proto_version(first.get(), DTLS1_3_VERSION);
    OSSL_LIB_CTX* global = OSSL_LIB_CTX_set0_default(OwnContext());
    pair_ = std::make_unique<SslPair>(Protocol::kDtls13);
    issuer_ = std::make_unique<TestCertificate>("issuer");
    certificate_ = std::make_unique<TestCertificate>("localhost", issuer_.get(), key);
    OSSL_LIB_CTX_set0_default(global);
    EXPECT_EQ(EVP_MD_fetch(nullptr, "SHA2-256", nullptr), nullptr);
    pair_->client_ctx.reset(SSL_CTX_new_ex(OwnContext(), nullptr, DTLS_client_method()));
    pair_->server_ctx.reset(SSL_CTX_new_ex(OwnContext(), nullptr, DTLS_server_method()));
    for (SSL_CTX* ctx : {client_ctx(), server_ctx()}) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), issuer_->certificate.get());
    }
    certificate_->UseOn(server_ctx());
    SSL_CTX_set_verify(client_ctx(), SSL_VERIFY_PEER, nullptr);
    ERR_clear_error();
  }

  SSL_CTX* client_ctx() { return pair_->client_ctx.get(); }
  SSL_CTX* server_ctx() { return pair_->server_ctx.get(); }
  SSL* client() { return pair_->client.get(); }
  SSL* server() { return pair_->server.get(); }
  const TestCertificate& certificate() const { return *certificate_; }

  void UseClientCtx(SSL_CTX* ctx) { pair_->client_ctx.reset(ctx); }
  void UseServerCtx(SSL_CTX* ctx) { pair_->server_ctx.reset(ctx); }
  void Make() { pair_->Make(); }
  // Run ends when the client has had the tickets, of which it makes sessions.
  void Run() {
    for (int turn = 0; turn < 6; ++turn) {
      for (SSL* ssl : {client(), server()}) {
        const int result = SSL_do_handshake(ssl);
        EXPECT_TRUE(result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ);
      }
    }
    EXPECT_STREQ(SSL_get_version(client()), "DTLSv1.3");
    char byte;
    EXPECT_EQ(SSL_get_error(client(), SSL_read(client(), &byte, 1)), SSL_ERROR_WANT_READ);
    EXPECT_EQ(ERR_peek_error(), 0U);
  }

 private:
  std::unique_ptr<SslPair> pair_;
  std::unique_ptr<TestCertificate> issuer_;
  std::unique_ptr<TestCertificate> certificate_;
};

class LibraryContextTest : public testing::TestWithParam<const char*> {
 protected:
  LibraryContextTest() : pair_(GetParam()) {}

  OwnPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Keys, LibraryContextTest, testing::Values("P-256", "P-384", "RSA"),
                         [](const testing::TestParamInfo<const char*>& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(LibraryContextTest, NothingIsFetchedFromTheDefaultOne) {
  SSL_CTX_set_verify(pair_.server_ctx(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  SSL_CTX_set_session_id_context(pair_.server_ctx(), reinterpret_cast<const unsigned char*>("id"),
                                 2);
  pair_.certificate().UseOn(pair_.client_ctx());
  pair_.Make();
  pair_.Run();
  SSL_SESSION* session = SSL_get_session(pair_.client());
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(SSL_SESSION_is_resumable(session), 1);
  unsigned int id_len = 0;
  SSL_SESSION_get_id(session, &id_len);
  EXPECT_EQ(id_len, 32U);
  for (SSL* ssl : {pair_.client(), pair_.server()}) {
    EXPECT_NE(X509_get0_pubkey(SSL_get0_peer_certificate(ssl)), nullptr);
    X509* kept = SSL_SESSION_get0_peer(SSL_get_session(ssl));
    ASSERT_NE(kept, nullptr);
    EXPECT_NE(X509_get0_pubkey(kept), nullptr);
  }
}

TEST_P(LibraryContextTest, SessionsAreResumed) {
  pair_.Make();
  pair_.Run();
  SSL_SESSION* session = SSL_get1_session(pair_.client());
  pair_.Make();
  EXPECT_EQ(SSL_set_session(pair_.client(), session), 1);
  pair_.Run();
  EXPECT_EQ(SSL_session_reused(pair_.client()), 1);
  EXPECT_NE(X509_get0_pubkey(SSL_get0_peer_certificate(pair_.client())), nullptr);
  EXPECT_NE(X509_get0_pubkey(SSL_SESSION_get0_peer(SSL_get_session(pair_.client()))), nullptr);
  SSL_SESSION_free(session);
}

TEST_P(LibraryContextTest, AHelloIsAskedForAgain) {
  SSL_CTX_set1_groups_list(pair_.client_ctx(), "X25519:P-384");
  SSL_CTX_set1_groups_list(pair_.server_ctx(), "P-384");
  pair_.Make();
  pair_.Run();
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(SSL_get_peer_tmp_key(pair_.client(), &key), 1);
  EXPECT_NE(key, nullptr);
  EVP_PKEY_free(key);
}

SSL_SESSION* NewPskSession(SSL* ssl) {
  const std::vector<unsigned char> key(32, 0x5a);
  SSL_SESSION* session = SSL_SESSION_new();
  SSL_SESSION_set1_master_key(session, key.data(), key.size());
  SSL_SESSION_set_cipher(session,
                         SSL_CIPHER_find(ssl, reinterpret_cast<const unsigned char*>("\x13\x02")));
  SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION);
  return session;
}

TEST_P(LibraryContextTest, SessionsStandForPsks) {
  SSL_CTX_set_psk_use_session_callback(pair_.client_ctx(),
                                       [](SSL* ssl, const EVP_MD* /*md*/, const unsigned char** id,
                                          size_t* id_len, SSL_SESSION** session) {
                                         *id = reinterpret_cast<const unsigned char*>("me");
                                         *id_len = 2;
                                         *session = NewPskSession(ssl);
                                         return 1;
                                       });
  SSL_CTX_set_psk_find_session_callback(
      pair_.server_ctx(),
      [](SSL* ssl, const unsigned char* /*id*/, size_t /*id_len*/, SSL_SESSION** session) {
        *session = NewPskSession(ssl);
        return 1;
      });
  pair_.Make();
  pair_.Run();
  EXPECT_EQ(SSL_session_reused(pair_.client()), 1);
}

// Whole is the default provider; QueryWithout is a provider that has all of it but Ed448.
OSSL_PROVIDER* Whole() {
  static OSSL_PROVIDER* const whole = OSSL_PROVIDER_load(OwnContext(), "default");
  return whole;
}

const OSSL_ALGORITHM* QueryWithout(void* /*provider_context*/, int operation, int* no_cache) {
  const OSSL_ALGORITHM* all = OSSL_PROVIDER_query_operation(Whole(), operation, no_cache);
  if (all == nullptr) return all;
  static auto& kept = *new std::map<int, std::vector<OSSL_ALGORITHM>>;
  std::vector<OSSL_ALGORITHM>& others = kept[operation];
  if (!others.empty()) return others.data();
  for (const OSSL_ALGORITHM* each = all; each->algorithm_names != nullptr; ++each) {
    if (std::string(each->algorithm_names).find("ED448") == std::string::npos) {
      others.push_back(*each);
    }
  }
  others.push_back({});
  return others.data();
}

int InitWithout(const OSSL_CORE_HANDLE* /*handle*/, const OSSL_DISPATCH* /*in*/,
                const OSSL_DISPATCH** out, void** provider_context) {
  static const OSSL_DISPATCH kFunctions[] = {
      {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<void (*)()>(QueryWithout)},
      {0, nullptr}};
  *out = kFunctions;
  *provider_context = OSSL_PROVIDER_get0_provider_ctx(Whole());
  return 1;
}

// Schemes are those of a peer.
std::vector<int> Schemes(SSL* ssl) {
  std::vector<int> schemes;
  const int num_schemes = SSL_get_sigalgs(ssl, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
  for (int i = 0; i < num_schemes; ++i) {
    unsigned char low = 0, high = 0;
    SSL_get_sigalgs(ssl, i, nullptr, nullptr, nullptr, &low, &high);
    schemes.push_back(high << 8 | low);
  }
  return schemes;
}

TEST(LibraryContextWithoutTest, SignaturesThatItCannotVerifyAreNotAskedFor) {
  OwnPair pair("P-256");
  static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  ASSERT_EQ(OSSL_PROVIDER_add_builtin(context, "without", InitWithout), 1);
  static const OSSL_PROVIDER* const loaded = OSSL_PROVIDER_load(context, "without");
  ASSERT_NE(loaded, nullptr);
  SSL_CTX* const restricted = SSL_CTX_new_ex(context, nullptr, DTLS_client_method());
  SSL_CTX_set1_sigalgs_list(restricted, "ed448:ed25519:ECDSA+SHA256");
  pair.UseClientCtx(restricted);
  pair.Make();
  pair.Run();
  EXPECT_EQ(Schemes(pair.server()), (std::vector<int>{0x0807, 0x0403}));
  // A server asks its client for no more.
  SSL_CTX* const server = SSL_CTX_new_ex(context, nullptr, DTLS_server_method());
  SSL_CTX_set1_sigalgs_list(server, "ed448:ed25519:ECDSA+SHA256");
  SSL_CTX_set_verify(server, SSL_VERIFY_PEER, nullptr);
  pair.certificate().UseOn(server);
  pair.UseServerCtx(server);
  pair.Make();
  pair.Run();
  EXPECT_EQ(Schemes(pair.client()), (std::vector<int>{0x0807, 0x0403}));
}

}  // namespace
}  // namespace dtls13::shim
