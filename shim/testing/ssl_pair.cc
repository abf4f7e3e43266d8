// SPDX-License-Identifier: Apache-2.0
#include "shim/testing/ssl_pair.h"

#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace dtls13::shim {
namespace {

void SetSubject(X509* certificate, const std::string& text) {
  X509_NAME* name = X509_NAME_new();
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
  X509_set_subject_name(certificate, name);
  X509_NAME_free(name);
}

EVP_PKEY* NewRsaKey(const char* type) {
  EVP_PKEY* key = nullptr;
  const OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EXPECT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), 2048), 1);
  EXPECT_EQ(EVP_PKEY_generate(context.get(), &key), 1);
  return key;
}

EVP_PKEY* Shared(EVP_PKEY* key) {
  EVP_PKEY_up_ref(key);
  return key;
}

EVP_PKEY* KeyOf(const std::string& type) {
  // One for all certificates of a process: it takes seconds to make, now and then.
  if (type == "RSA") {
    static EVP_PKEY* const key = NewRsaKey("RSA");
    return Shared(key);
  }
  if (type == "RSA-PSS") {
    static EVP_PKEY* const key = NewRsaKey("RSA-PSS");
    return Shared(key);
  }
  return type == "ED25519" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                           : EVP_EC_gen(type.c_str());
}

void TakeTurn(SSL* ssl, SslPair::End* end) {
  if (end->reason != 0) return;
  ERR_clear_error();
  char byte;
  const int result = end->is_up ? SSL_read(ssl, &byte, 1) : SSL_do_handshake(ssl);
  if (result == 1) {
    end->is_up = true;
    // A call that went well has no errors to tell of.
    EXPECT_EQ(ERR_peek_error(), 0U) << ERR_reason_error_string(ERR_peek_error());
  }
  const int error = SSL_get_error(ssl, result);
  switch (error) {
    case SSL_ERROR_SSL:
      end->reason = ERR_GET_REASON(ERR_peek_error());
      break;
    case SSL_ERROR_WANT_X509_LOOKUP:
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
    case SSL_ERROR_WANT_RETRY_VERIFY:
      end->retries.emplace_back(error, SSL_want(ssl));
      break;
    default:
      break;
  }
  ERR_clear_error();
}

}  // namespace

std::string ProtocolName(const testing::TestParamInfo<Protocol>& info) {
  switch (info.param) {
    case Protocol::kTls13:
      return "Tls13";
    case Protocol::kDtls12:
      return "Dtls12";
    case Protocol::kDtls13:
      return "Dtls13";
  }
  return "";
}

TestCertificate::TestCertificate(const std::string& name, const TestCertificate* issuer,
                                 const char* key_type)
    : key(KeyOf(key_type)), certificate(X509_new()) {
  static long serial = 0;
  X509* x509 = certificate.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  SetSubject(x509, name);
  X509_set_issuer_name(x509,
                       X509_get_subject_name(issuer == nullptr ? x509 : issuer->certificate.get()));
  X509_set_pubkey(x509, key.get());
  if (issuer == nullptr) {
    BASIC_CONSTRAINTS constraints = {.ca = 1, .pathlen = nullptr};
    X509_add1_ext_i2d(x509, NID_basic_constraints, &constraints, /*crit=*/1, X509V3_ADD_DEFAULT);
  }
  SignAgain(issuer, EVP_sha256());
}

void TestCertificate::SignAgain(const TestCertificate* issuer, const EVP_MD* hash) {
  EVP_PKEY* signer = issuer == nullptr ? key.get() : issuer->key.get();
  EXPECT_GT(
      X509_sign(certificate.get(), signer, EVP_PKEY_is_a(signer, "ED25519") == 1 ? nullptr : hash),
      0);
}

void TestCertificate::UseOn(SSL_CTX* ctx) const {
  SSL_CTX_use_certificate(ctx, certificate.get());
  SSL_CTX_use_PrivateKey(ctx, key.get());
}

SslPair::SslPair(Protocol protocol)
    : client_ctx(
          SSL_CTX_new(protocol == Protocol::kTls13 ? TLS_client_method() : DTLS_client_method())),
      server_ctx(
          SSL_CTX_new(protocol == Protocol::kTls13 ? TLS_server_method() : DTLS_server_method())) {
  const int version = protocol == Protocol::kTls13    ? TLS1_3_VERSION
                      : protocol == Protocol::kDtls12 ? DTLS1_2_VERSION
                                                      : DTLS1_3_VERSION;
  for (SSL_CTX* ctx : {client_ctx.get(), server_ctx.get()}) {
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
  }
  static const TestCertificate& certificate = *new TestCertificate("server");
  certificate.UseOn(server_ctx.get());
}

void SslPair::Make() {
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO* to_client = BIO_new(BIO_s_mem());
  BIO_up_ref(to_server);
  BIO_up_ref(to_client);
  MakeSsls();
  SSL_set_bio(server.get(), to_server, to_client);
  SSL_set_bio(client.get(), to_client, to_server);
}

void SslPair::Make(BIO* client_bio, BIO* server_bio) {
  MakeSsls();
  SSL_set_bio(client.get(), client_bio, client_bio);
  SSL_set_bio(server.get(), server_bio, server_bio);
}

void SslPair::MakeSsls() {
  client.reset(SSL_new(client_ctx.get()));
  server.reset(SSL_new(server_ctx.get()));
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  client_end = server_end = {};
}

void SslPair::Run() {
  constexpr int kTurns = 10;
  for (int turn = 0; turn < kTurns; ++turn) {
    TakeTurn(client.get(), &client_end);
    TakeTurn(server.get(), &server_end);
  }
}

}  // namespace dtls13::shim
