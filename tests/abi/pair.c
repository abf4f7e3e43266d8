// SPDX-License-Identifier: Apache-2.0
#include "tests/abi/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int speaks_tls;
OSSL_LIB_CTX* library_context;
const char* property_query;
EVP_PKEY* key;
X509* certificate;

void Check(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "%s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

void MakeCertificate(void) {
  MakeCertificateOf(EVP_PKEY_Q_keygen(library_context, property_query, "EC", "P-256"));
}

void MakeCertificateOf(EVP_PKEY* made) {
  key = made;
  certificate = X509_new_ex(library_context, property_query);
  Check(key != NULL && certificate != NULL, "no key");
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char*)"localhost", -1, -1,
                             0);
  X509_set_issuer_name(certificate, name);
  Check(X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
}

void FreeCertificate(void) {
  X509_free(certificate);
  EVP_PKEY_free(key);
}

void Say(const char* what, SSL* ssl, int result) {
  const int saved_errno = errno;
  const int error = result > 0 ? 0 : SSL_get_error(ssl, result);
  const unsigned long queued = ERR_peek_error();
  printf("%s: %d error=%d shutdown=%d reason=%s", what, result, error, SSL_get_shutdown(ssl),
         queued == 0 ? "none" : ERR_reason_error_string(queued));
  if (error == SSL_ERROR_SYSCALL) printf(" errno=%s", strerror(saved_errno));
  printf("\n");
  ERR_clear_error();
}

void SayValue(const char* what, long value) { printf("%s: %ld\n", what, value); }

/* --- Connections */

int BoundSocket(struct sockaddr_in* address) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t len = sizeof(*address);
  memset(address, 0, sizeof(*address));
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(fd >= 0 && bind(fd, (struct sockaddr*)address, len) == 0 &&
            getsockname(fd, (struct sockaddr*)address, &len) == 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0,
        "no socket");
  return fd;
}

void UseSocket(SSL* ssl, int fd, const struct sockaddr_in* peer) {
  BIO_ADDR* address = BIO_ADDR_new();
  BIO* bio = BIO_new_dgram(fd, BIO_NOCLOSE);
  Check(connect(fd, (const struct sockaddr*)peer, sizeof(*peer)) == 0, "no connection");
  BIO_ADDR_rawmake(address, AF_INET, &peer->sin_addr, sizeof(peer->sin_addr), peer->sin_port);
  BIO_ctrl_set_connected(bio, address);
  BIO_ADDR_free(address);
  SSL_set_bio(ssl, bio, bio);
}

static SSL_CTX* NewContext(const SSL_METHOD* method) {
  SSL_CTX* ctx = library_context == NULL && property_query == NULL
                     ? SSL_CTX_new(method)
                     : SSL_CTX_new_ex(library_context, property_query, method);
  Check(ctx != NULL, "no SSL_CTX");
  return ctx;
}

void InitPair(struct Pair* pair) {
  memset(pair, 0, sizeof(*pair));
  pair->client_fd = pair->server_fd = -1;
  pair->client_ctx = NewContext(speaks_tls ? TLS_client_method() : DTLS_client_method());
  pair->server_ctx = NewContext(speaks_tls ? TLS_server_method() : DTLS_server_method());
  Check(SSL_CTX_use_certificate(pair->server_ctx, certificate) == 1 &&
            SSL_CTX_use_PrivateKey(pair->server_ctx, key) == 1,
        "certificate refused");
}

static int GenerateCookie(SSL* ssl, unsigned char* cookie, unsigned int* len) {
  (void)ssl;
  memset(cookie, 7, 8);
  *len = 8;
  return 1;
}

static int VerifyCookie(SSL* ssl, const unsigned char* cookie, unsigned int len) {
  (void)ssl;
  return len == 8 && cookie[0] == 7;
}

void AskForCookies(SSL_CTX* ctx) {
  SSL_CTX_set_cookie_generate_cb(ctx, GenerateCookie);
  SSL_CTX_set_cookie_verify_cb(ctx, VerifyCookie);
}

static void NewSsls(struct Pair* pair) {
  pair->client = SSL_new(pair->client_ctx);
  pair->server = SSL_new(pair->server_ctx);
  Check(pair->client != NULL && pair->server != NULL, "no SSL");
  SSL_set_connect_state(pair->client);
  SSL_set_accept_state(pair->server);
}

void OverSockets(struct Pair* pair) {
  struct sockaddr_in client_address, server_address;
  NewSsls(pair);
  pair->client_fd = BoundSocket(&client_address);
  pair->server_fd = BoundSocket(&server_address);
  UseSocket(pair->client, pair->client_fd, &server_address);
  UseSocket(pair->server, pair->server_fd, &client_address);
}

static BIO* NewMemory(void) {
  BIO* bio = BIO_new(BIO_s_mem());
  Check(bio != NULL, "no BIO");
  BIO_set_mem_eof_return(bio, -1);
  return bio;
}

void OverMemory(struct Pair* pair) {
  NewSsls(pair);
  BIO* to_client = NewMemory();
  BIO* to_server = NewMemory();
  BIO_up_ref(to_client);
  BIO_up_ref(to_server);
  SSL_set_bio(pair->client, to_client, to_server);
  SSL_set_bio(pair->server, to_server, to_client);
}

void FreePair(struct Pair* pair) {
  SSL_free(pair->client);
  SSL_free(pair->server);
  SSL_CTX_free(pair->client_ctx);
  SSL_CTX_free(pair->server_ctx);
  if (pair->client_fd >= 0) close(pair->client_fd);
  if (pair->server_fd >= 0) close(pair->server_fd);
}

void WaitReadable(int fd) {
  struct pollfd polled = {fd, POLLIN, 0};
  if (fd >= 0) poll(&polled, 1, 100);
}

int Retries(SSL* ssl, int result) {
  const int error = SSL_get_error(ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

int Handshake(struct Pair* pair, int* client_result, int* server_result) {
  *client_result = *server_result = -1;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (*client_result != 1) *client_result = SSL_do_handshake(pair->client);
    if (*client_result != 1 && !Retries(pair->client, *client_result)) return 0;
    if (*server_result != 1) *server_result = SSL_do_handshake(pair->server);
    if (*server_result != 1 && !Retries(pair->server, *server_result)) return 0;
    if (*client_result == 1 && *server_result == 1) return 1;
    WaitReadable(*client_result != 1 ? pair->client_fd : pair->server_fd);
  }
  return 0;
}

void MustHandshake(struct Pair* pair) {
  int client_result, server_result;
  char nothing[16];
  Check(Handshake(pair, &client_result, &server_result), "handshake failed");
  /* What is left of the handshake's own traffic. */
  WaitReadable(pair->client_fd);
  SSL_read(pair->client, nothing, sizeof(nothing));
  SSL_read(pair->server, nothing, sizeof(nothing));
  ERR_clear_error();
}

int ReadSoon(SSL* ssl, void* out, int len) {
  int result = -1;
  for (int round = 0; round < kMaxRounds; ++round) {
    result = SSL_read(ssl, out, len);
    if (result > 0 || !Retries(ssl, result)) return result;
    WaitReadable(SSL_get_fd(ssl));
  }
  return result;
}

/* --- Scenarios */

void Run(const char* name, void (*connect_pair)(struct Pair*), void (*scenario)(struct Pair*)) {
  struct Pair pair;
  printf("== %s\n", name);
  fflush(stdout);
  InitPair(&pair);
  connect_pair(&pair);
  scenario(&pair);
  FreePair(&pair);
  SayValue("errors left", ERR_peek_error() != 0);
  ERR_clear_error();
}
