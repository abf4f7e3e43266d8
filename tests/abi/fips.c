// SPDX-License-Identifier: Apache-2.0
/* A program whose SSL_CTXs are of a library context of its own and made with a property query:
 *
 *   fips tls|dtls CONFIG [QUERY]
 *
 * CONFIG is an openssl.cnf that names the context's providers. Prints what the API says; the test
 * runs it with TLS 1.3 on plain libssl and with DTLS under the preloaded library, and compares.
 *
 * Lines that begin with '#' are not compared. */

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "tests/abi/pair.h"

static void Only13(SSL* ssl) {
  Check(SSL_set_min_proto_version(ssl, speaks_tls ? TLS1_3_VERSION : 0xfefc) == 1, "no 1.3");
}

static void Trust(SSL_CTX* ctx, int mode) {
  Check(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate) == 1, "not trusted");
  SSL_CTX_set_verify(ctx, mode, NULL);
}

/* Renew makes the SSLs again, with the SSL_CTXs as they have been set since. */
static void Renew(struct Pair* pair) {
  SSL_free(pair->client);
  SSL_free(pair->server);
  OverMemory(pair);
}

/* Both ends show the certificate, and judge the other's. */
static void Authenticate(struct Pair* pair) {
  Check(SSL_CTX_use_certificate(pair->client_ctx, certificate) == 1 &&
            SSL_CTX_use_PrivateKey(pair->client_ctx, key) == 1,
        "certificate refused");
  Trust(pair->client_ctx, SSL_VERIFY_PEER);
  Trust(pair->server_ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
  Renew(pair);
}

/* --- What is negotiated */

static void Send(const char* what, SSL* from, SSL* to) {
  char data[64] = "";
  const int len = (int)strlen(what);
  Check(SSL_write(from, what, len) == len && ReadSoon(to, data, sizeof(data)) == len &&
            memcmp(data, what, (size_t)len) == 0,
        "data lost");
  printf("received: %s\n", data);
}

static void SayConnection(const char* what, SSL* ssl) {
  unsigned char secret[16] = {0};
  int signature = NID_undef;
  SSL_get_peer_signature_type_nid(ssl, &signature);
  printf(
      "%s: %s, group %s, signature %s, verification %ld, exporter %d\n", what,
      SSL_get_cipher_name(ssl), OBJ_nid2sn((int)SSL_get_negotiated_group(ssl)),
      OBJ_nid2sn(signature), SSL_get_verify_result(ssl),
      SSL_export_keying_material(ssl, secret, sizeof(secret), "EXPERIMENTAL fips", 17, NULL, 0, 0));
  printf("# version %s\n", SSL_get_version(ssl));
}

static void Converse(struct Pair* pair) {
  MustHandshake(pair);
  SayConnection("client", pair->client);
  SayConnection("server", pair->server);
  Send("from the client", pair->client, pair->server);
  Send("from the server", pair->server, pair->client);
}

static void ConverseWith(struct Pair* pair, const char* suite, const char* group) {
  Authenticate(pair);
  Check(SSL_set_ciphersuites(pair->client, suite) == 1 &&
            SSL_set1_groups_list(pair->server, group) == 1,
        "no suite or group");
  Converse(pair);
}

static void Aes128(struct Pair* pair) { ConverseWith(pair, "TLS_AES_128_GCM_SHA256", "P-256"); }
static void Aes256(struct Pair* pair) { ConverseWith(pair, "TLS_AES_256_GCM_SHA384", "P-256"); }

static void Defaults(struct Pair* pair) {
  Authenticate(pair);
  Converse(pair);
}

static void Resumed(struct Pair* pair) {
  char nothing[16];
  MustHandshake(pair);
  for (int round = 0; round < 4; ++round) {
    SSL_read(pair->server, nothing, sizeof(nothing));
    SSL_read(pair->client, nothing, sizeof(nothing));
  }
  ERR_clear_error();
  SSL_SESSION* session = SSL_get1_session(pair->client);
  SSL_shutdown(pair->client);
  Renew(pair);
  SSL_set_session(pair->client, session);
  SSL_SESSION_free(session);
  Converse(pair);
  SayValue("client reused", SSL_session_reused(pair->client));
  SayValue("server reused", SSL_session_reused(pair->server));
}

/* --- What is older */

static void Limit(SSL* ssl) {
  Check(SSL_set_max_proto_version(ssl, speaks_tls ? TLS1_2_VERSION : DTLS1_2_VERSION) == 1,
        "no 1.2");
}

static void GoDown(struct Pair* pair) {
  MustHandshake(pair);
  printf("down: %s\n", SSL_get_cipher_name(pair->client));
  printf("# down to %s\n", SSL_get_version(pair->client));
  Send("from the client", pair->client, pair->server);
  Send("from the server", pair->server, pair->client);
}

static void OlderClient(struct Pair* pair) {
  Limit(pair->client);
  GoDown(pair);
}

static void OlderServer(struct Pair* pair) {
  AskForCookies(pair->server_ctx);
  SSL_CTX_set_options(pair->server_ctx, SSL_OP_COOKIE_EXCHANGE);
  Renew(pair);
  Limit(pair->server);
  GoDown(pair);
}

static void OlderServerWithoutCookies(struct Pair* pair) {
  int client_result, server_result;
  Limit(pair->server);
  printf("# handshake: %d\n", Handshake(pair, &client_result, &server_result));
  Say("# client", pair->client, client_result);
}

/* --- What is offered */

static void SayNumbers(const char* what, const unsigned char* bytes, size_t len, int of_13) {
  printf("%s:", what);
  for (size_t i = 0; i + 1 < len; i += 2) {
    if (!of_13 || bytes[i] == 0x13) printf(" %02x%02x", bytes[i], bytes[i + 1]);
  }
  printf("\n");
}

static int SayOffers(SSL* ssl, int* alert, void* arg) {
  const unsigned char* bytes;
  size_t len;
  (void)alert;
  (void)arg;
  len = SSL_client_hello_get0_ciphers(ssl, &bytes);
  SayNumbers("offered suites", bytes, len, 1);
  Check(SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_groups, &bytes, &len) == 1,
        "no groups");
  SayNumbers("# offered groups", bytes + 2, len - 2, 0);
  Check(SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_signature_algorithms, &bytes, &len) == 1,
        "no signature algorithms");
  SayNumbers("# offered signatures", bytes + 2, len - 2, 0);
  return SSL_CLIENT_HELLO_SUCCESS;
}

static void Offers(struct Pair* pair) {
  EVP_KEYEXCH* x25519 = EVP_KEYEXCH_fetch(library_context, "X25519", "fips=yes");
  SayValue("X25519 is approved", x25519 != NULL);
  EVP_KEYEXCH_free(x25519);
  ERR_clear_error();
  SSL_CTX_set_client_hello_cb(pair->server_ctx, SayOffers, NULL);
  Renew(pair);
  Only13(pair->client);
  MustHandshake(pair);
}

/* --- What is refused */

static void Try(struct Pair* pair) {
  int client_result, server_result;
  Only13(pair->client);
  Only13(pair->server);
  const int completed = Handshake(pair, &client_result, &server_result);
  SayValue("handshake", completed);
  /* The one error queue is of whichever failed. */
  Say("client", pair->client, client_result);
  Say("server", pair->server, server_result);
  if (completed) printf("%s\n", SSL_get_cipher_name(pair->client));
}

static void OnlyChaCha(struct Pair* pair, SSL* ssl) {
  Say("set", ssl, SSL_set_ciphersuites(ssl, "TLS_CHACHA20_POLY1305_SHA256"));
  Try(pair);
}

static void OnlyX25519(struct Pair* pair, SSL* ssl) {
  Say("set", ssl, SSL_set1_groups_list(ssl, "X25519"));
  Try(pair);
}

static void ChaChaClient(struct Pair* pair) { OnlyChaCha(pair, pair->client); }
static void ChaChaServer(struct Pair* pair) { OnlyChaCha(pair, pair->server); }
static void X25519Client(struct Pair* pair) { OnlyX25519(pair, pair->client); }
static void X25519Server(struct Pair* pair) { OnlyX25519(pair, pair->server); }

/* A module does not sign with a key that is too short by its rules, of an algorithm that it has. */
static void ShortKey(struct Pair* pair) {
  int client_result, server_result;
  Only13(pair->client);
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  Say("# server", pair->server, server_result);
}

static void RunShortKey(void) {
  const char* query = property_query;
  property_query = "provider=default";
  MakeCertificateOf(EVP_PKEY_Q_keygen(library_context, property_query, "RSA", (size_t)2047));
  property_query = query;
  Run("short key", OverMemory, ShortKey);
  FreeCertificate();
}

static void RunAll(void) {
  Run("AES-128", OverMemory, Aes128);
  Run("AES-256", OverMemory, Aes256);
  Run("defaults", OverMemory, Defaults);
  Run("resumption", OverMemory, Resumed);
  Run("older client", OverMemory, OlderClient);
  Run("older server", OverMemory, OlderServer);
  Run("older server without cookies", OverMemory, OlderServerWithoutCookies);
  Run("offers", OverMemory, Offers);
  Run("ChaCha20 alone, client", OverMemory, ChaChaClient);
  Run("ChaCha20 alone, server", OverMemory, ChaChaServer);
  Run("X25519 alone, client", OverMemory, X25519Client);
  Run("X25519 alone, server", OverMemory, X25519Server);
}

int main(int argc, char** argv) {
  Check(argc >= 3, "usage: fips tls|dtls CONFIG [QUERY]");
  speaks_tls = strcmp(argv[1], "tls") == 0;
  library_context = OSSL_LIB_CTX_new();
  property_query = argc > 3 ? argv[3] : NULL;
  Check(OSSL_LIB_CTX_load_config(library_context, argv[2]) == 1, "no configuration");
  Check(OSSL_PROVIDER_available(library_context, "fips") == 1, "no FIPS module");
  printf("default provider: %d\n", OSSL_PROVIDER_available(library_context, "default"));
  printf("==== P-256\n");
  MakeCertificate();
  RunAll();
  FreeCertificate();
  printf("==== RSA\n");
  MakeCertificateOf(EVP_PKEY_Q_keygen(library_context, property_query, "RSA", (size_t)2048));
  RunAll();
  FreeCertificate();
  if (OSSL_PROVIDER_available(library_context, "default") == 1) RunShortKey();
  OSSL_LIB_CTX_free(library_context);
  return 0;
}
