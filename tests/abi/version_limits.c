/* The version limits with DTLS 1.3's number, under the preloaded library. Prints what went wrong
 * and exits with 1, or nothing. */

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#ifndef DTLS1_3_VERSION
#define DTLS1_3_VERSION 0xFEFC
#endif

enum { kMaxRounds = 50, kFails = 0 };

static int num_failed;
static EVP_PKEY* key;
static X509* certificate;

static void Expect(int condition, const char* what) {
  if (condition) return;
  printf("%s\n", what);
  ++num_failed;
}

static void MakeCertificate(void) {
  key = EVP_EC_gen("P-256");
  certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char*)"localhost", -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  Expect(X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
}

static void Getters(void) {
  SSL_CTX* ctx = SSL_CTX_new(DTLS_method());
  Expect(SSL_CTX_get_min_proto_version(ctx) == 0, "a new SSL_CTX has no lower limit");
  Expect(SSL_CTX_get_max_proto_version(ctx) == 0, "a new SSL_CTX has no upper limit");
  Expect(SSL_CTX_set_min_proto_version(ctx, DTLS1_3_VERSION) == 1, "SSL_CTX_set_min");
  Expect(SSL_CTX_set_max_proto_version(ctx, DTLS1_3_VERSION) == 1, "SSL_CTX_set_max");
  Expect(SSL_CTX_get_min_proto_version(ctx) == DTLS1_3_VERSION, "SSL_CTX_get_min");
  Expect(SSL_CTX_get_max_proto_version(ctx) == DTLS1_3_VERSION, "SSL_CTX_get_max");
  SSL* ssl = SSL_new(ctx);
  Expect(SSL_get_min_proto_version(ssl) == DTLS1_3_VERSION, "inherited lower limit");
  Expect(SSL_get_max_proto_version(ssl) == DTLS1_3_VERSION, "inherited upper limit");
  Expect(SSL_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1, "SSL_set_min");
  Expect(SSL_get_min_proto_version(ssl) == DTLS1_2_VERSION, "SSL_get_min");
  Expect(SSL_set_max_proto_version(ssl, 0) == 1, "SSL_set_max to none");
  Expect(SSL_get_max_proto_version(ssl) == 0, "SSL_get_max of none");
  Expect(SSL_CTX_get_min_proto_version(ctx) == DTLS1_3_VERSION, "the SSL_CTX keeps its own");
  SSL_free(ssl);
  SSL_CTX_free(ctx);
  ctx = SSL_CTX_new(TLS_method());
  Expect(SSL_CTX_set_min_proto_version(ctx, DTLS1_3_VERSION) == 0, "TLS has no such version");
  ERR_clear_error();
  SSL_CTX_free(ctx);
}

static BIO* NewMemory(void) {
  BIO* bio = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(bio, -1);
  BIO_up_ref(bio);
  return bio;
}

static SSL* NewSide(const SSL_METHOD* method, int min, int max, BIO* in, BIO* out) {
  SSL_CTX* ctx = SSL_CTX_new(method);
  SSL_CTX_set_min_proto_version(ctx, min);
  SSL_CTX_set_max_proto_version(ctx, max);
  SSL_CTX_use_certificate(ctx, certificate);
  SSL_CTX_use_PrivateKey(ctx, key);
  SSL* ssl = SSL_new(ctx);
  SSL_CTX_free(ctx);
  SSL_set_bio(ssl, in, out);
  return ssl;
}

/* Returns the version that both negotiate, kFails when they do not. */
static int Negotiate(int client_min, int client_max, int server_min, int server_max) {
  int version = kFails;
  BIO* to_client = NewMemory();
  BIO* to_server = NewMemory();
  SSL* client = NewSide(DTLS_client_method(), client_min, client_max, to_client, to_server);
  SSL* server = NewSide(DTLS_server_method(), server_min, server_max, to_server, to_client);
  SSL_set_connect_state(client);
  SSL_set_accept_state(server);
  for (int round = 0; round < kMaxRounds; ++round) {
    /* Each side is asked at once what it waits for: the BIOs are common. */
    const int client_result = SSL_do_handshake(client);
    if (client_result != 1 && SSL_get_error(client, client_result) != SSL_ERROR_WANT_READ) break;
    const int server_result = SSL_do_handshake(server);
    if (server_result != 1 && SSL_get_error(server, server_result) != SSL_ERROR_WANT_READ) break;
    if (client_result == 1 && server_result == 1) {
      version = SSL_version(client);
      Expect(SSL_version(server) == version, "the sides name different versions");
      break;
    }
  }
  SSL_free(client);
  SSL_free(server);
  ERR_clear_error();
  return version;
}

static void Handshakes(void) {
  const int k12 = DTLS1_2_VERSION, k13 = DTLS1_3_VERSION;
  Expect(Negotiate(0, 0, 0, 0) == k13, "no limits");
  Expect(Negotiate(k13, k13, k13, k13) == k13, "1.3 and nothing else");
  Expect(Negotiate(k12, k13, k12, k13) == k13, "1.2 to 1.3");
  Expect(Negotiate(0, k12, 0, 0) == k12, "the client's limit is 1.2");
  Expect(Negotiate(k12, k12, k12, k12) == k12, "1.2 and nothing else");
  Expect(Negotiate(0, k12, k13, 0) == kFails, "the server wants 1.3 at least");
  Expect(Negotiate(k13, 0, 0, k12) == kFails, "the client wants 1.3 at least");
}

int main(void) {
  MakeCertificate();
  Getters();
  Handshakes();
  X509_free(certificate);
  EVP_PKEY_free(key);
  return num_failed == 0 ? 0 : 1;
}
