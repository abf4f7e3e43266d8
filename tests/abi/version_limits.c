// SPDX-License-Identifier: Apache-2.0
/* Version limits under the preloaded library.
 *   version_limits        those with DTLS 1.3's number: prints what went wrong and exits with 1, or
 *                         prints nothing
 *   version_limits pins   prints for each way to pin a version: its name, what two sides of this
 *                         process negotiate, and the limits that both can then read
 *   version_limits system prints what they negotiate when neither sets a limit, not even none
 */

/* Pinned methods are deprecated, and applications use them. */
#define OPENSSL_SUPPRESS_DEPRECATED

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

enum { kMaxRounds = 50, kFails = 0, kAsItIs = -1 };

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

/* What one side of a connection sets, and the limits that it reads afterwards. */
typedef struct {
  const SSL_METHOD* method;
  int min, max;
  const char* max_command; /* for SSL_CONF_cmd */
  uint64_t options;
  int security_level;
  int read_min, read_max;
} Side;

static void SetUp(SSL_CTX* ctx, const Side* side) {
  if (side->min != kAsItIs) SSL_CTX_set_min_proto_version(ctx, side->min);
  if (side->max != kAsItIs) SSL_CTX_set_max_proto_version(ctx, side->max);
  SSL_CTX_set_options(ctx, side->options);
  if (side->security_level >= 0) SSL_CTX_set_security_level(ctx, side->security_level);
  SSL_CTX_use_certificate(ctx, certificate);
  SSL_CTX_use_PrivateKey(ctx, key);
  if (side->max_command == NULL) return;
  SSL_CONF_CTX* commands = SSL_CONF_CTX_new();
  SSL_CONF_CTX_set_flags(commands,
                         SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_CLIENT | SSL_CONF_FLAG_SERVER);
  SSL_CONF_CTX_set_ssl_ctx(commands, ctx);
  Expect(SSL_CONF_cmd(commands, "MaxProtocol", side->max_command) == 2, "SSL_CONF_cmd");
  SSL_CONF_CTX_free(commands);
}

static SSL* NewSsl(const Side* side, BIO* in, BIO* out) {
  SSL_CTX* ctx = SSL_CTX_new(side->method);
  SetUp(ctx, side);
  SSL* ssl = SSL_new(ctx);
  SSL_CTX_free(ctx);
  SSL_set_bio(ssl, in, out);
  return ssl;
}

static void ReadLimits(SSL* ssl, Side* side) {
  side->read_min = (int)SSL_get_min_proto_version(ssl);
  side->read_max = (int)SSL_get_max_proto_version(ssl);
}

/* Returns the version that both negotiate, kFails when they do not. */
static int Negotiate(Side* client_side, Side* server_side) {
  int version = kFails;
  BIO* to_client = NewMemory();
  BIO* to_server = NewMemory();
  SSL* client = NewSsl(client_side, to_client, to_server);
  SSL* server = NewSsl(server_side, to_server, to_client);
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
  ReadLimits(client, client_side);
  ReadLimits(server, server_side);
  SSL_free(client);
  SSL_free(server);
  ERR_clear_error();
  return version;
}

static Side OpenSide(const SSL_METHOD* method) {
  const Side side = {.method = method, .security_level = -1};
  return side;
}

static int NegotiateLimits(int client_min, int client_max, int server_min, int server_max) {
  Side client = OpenSide(DTLS_client_method()), server = OpenSide(DTLS_server_method());
  client.min = client_min;
  client.max = client_max;
  server.min = server_min;
  server.max = server_max;
  return Negotiate(&client, &server);
}

static void Handshakes(void) {
  const int k12 = DTLS1_2_VERSION, k13 = DTLS1_3_VERSION;
  Expect(NegotiateLimits(0, 0, 0, 0) == k13, "no limits");
  Expect(NegotiateLimits(k13, k13, k13, k13) == k13, "1.3 and nothing else");
  Expect(NegotiateLimits(k12, k13, k12, k13) == k13, "1.2 to 1.3");
  Expect(NegotiateLimits(0, k12, 0, 0) == k12, "the client's limit is 1.2");
  Expect(NegotiateLimits(k12, k12, k12, k12) == k12, "1.2 and nothing else");
  Expect(NegotiateLimits(0, k12, k13, 0) == kFails, "the server wants 1.3 at least");
  Expect(NegotiateLimits(k13, 0, 0, k12) == kFails, "the client wants 1.3 at least");
}

static void PinByMethod(Side* client, Side* server) {
  client->method = DTLSv1_2_client_method();
  server->method = DTLSv1_2_server_method();
}

static void PinClientByMethod(Side* client, Side* server) {
  (void)server;
  client->method = DTLSv1_2_method();
}

static void PinServerByMethod(Side* client, Side* server) {
  (void)client;
  server->method = DTLSv1_2_method();
}

static void PinToOldByMethod(Side* client, Side* server) {
  client->method = DTLSv1_client_method();
  server->method = DTLSv1_server_method();
  client->security_level = server->security_level = 0;
}

static void PinByLimits(Side* client, Side* server) {
  client->min = client->max = server->min = server->max = DTLS1_2_VERSION;
}

static void PinToOldByLimit(Side* client, Side* server) {
  client->max = server->max = DTLS1_VERSION;
  client->security_level = server->security_level = 0;
}

static void PinByCommand(Side* client, Side* server) {
  client->max_command = server->max_command = "DTLSv1.2";
}

static void PinByOption(Side* client, Side* server) {
  client->options = server->options = SSL_OP_NO_TLSv1_3;
}

static void Demand13(Side* client, Side* server) { client->min = server->min = DTLS1_3_VERSION; }

static void LeaveOpen(Side* client, Side* server) { (void)client, (void)server; }

static const char* VersionName(int version) {
  switch (version) {
    case DTLS1_VERSION:
      return "DTLSv1";
    case DTLS1_2_VERSION:
      return "DTLSv1.2";
    case DTLS1_3_VERSION:
      return "DTLSv1.3";
    default:
      return "none";
  }
}

static void ShowPins(void) {
  static const struct {
    const char* name;
    void (*pin)(Side* client, Side* server);
  } kPins[] = {
      {"open", LeaveOpen},
      {"method", PinByMethod},
      {"client's method", PinClientByMethod},
      {"server's method", PinServerByMethod},
      {"old method", PinToOldByMethod},
      {"limits", PinByLimits},
      {"old limit", PinToOldByLimit},
      {"command", PinByCommand},
      {"option", PinByOption},
      {"demands DTLSv1.3", Demand13},
  };
  for (size_t i = 0; i < sizeof(kPins) / sizeof(kPins[0]); ++i) {
    Side client = OpenSide(DTLS_client_method()), server = OpenSide(DTLS_server_method());
    kPins[i].pin(&client, &server);
    const int version = Negotiate(&client, &server);
    printf("%s: %s, client %s to %s, server %s to %s\n", kPins[i].name, VersionName(version),
           VersionName(client.read_min), VersionName(client.read_max), VersionName(server.read_min),
           VersionName(server.read_max));
  }
}

int main(int argc, char** argv) {
  MakeCertificate();
  if (argc == 2 && strcmp(argv[1], "pins") == 0) {
    ShowPins();
  } else if (argc == 2 && strcmp(argv[1], "system") == 0) {
    printf("%s\n", VersionName(NegotiateLimits(kAsItIs, kAsItIs, kAsItIs, kAsItIs)));
  } else {
    Getters();
    Handshakes();
  }
  X509_free(certificate);
  EVP_PKEY_free(key);
  return num_failed == 0 ? 0 : 1;
}
