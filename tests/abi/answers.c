// SPDX-License-Identifier: Apache-2.0
/* Asks libssl about sessions, caches and statistics, and prints what it answers: `answers dtls` on
 * plain libssl and under the preloaded library, `answers tls` on TLS 1.3.
 *
 * Lines that begin with '#' are not compared. */

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/abi/pair.h"

/* LeakSanitizer asks for both: libssl never frees what this function keeps. */
const char* __lsan_default_suppressions(void);
const char* __lsan_default_suppressions(void) { return "leak:SSL_set_session_ticket_ext"; }
const char* __lsan_default_options(void);
const char* __lsan_default_options(void) { return "print_suppressions=0"; }

/* --- What the callbacks saw */

static SSL_SESSION* kept;
static int num_new, num_removed;

static int KeepNew(SSL* ssl, SSL_SESSION* session) {
  (void)ssl;
  SSL_SESSION_free(kept);
  kept = session;
  ++num_new;
  return 1;
}

static int CountNew(SSL* ssl, SSL_SESSION* session) {
  unsigned int id_len = 0;
  SSL_SESSION_get_id(session, &id_len);
  printf("new session: id %u, key %d, resumable %d, SSL's own %d\n", id_len,
         (int)SSL_SESSION_get_master_key(session, NULL, 0) > 0, SSL_SESSION_is_resumable(session),
         SSL_get_session(ssl) == session);
  ++num_new;
  return 0;
}

static void CountRemoved(SSL_CTX* ctx, SSL_SESSION* session) {
  (void)ctx;
  (void)session;
  ++num_removed;
}

static void SayStatistics(const char* who, SSL_CTX* ctx) {
  printf("%s: connect %ld good %ld renegotiate %ld, accept %ld good %ld renegotiate %ld\n", who,
         SSL_CTX_sess_connect(ctx), SSL_CTX_sess_connect_good(ctx),
         SSL_CTX_sess_connect_renegotiate(ctx), SSL_CTX_sess_accept(ctx),
         SSL_CTX_sess_accept_good(ctx), SSL_CTX_sess_accept_renegotiate(ctx));
  printf("%s: hits %ld cb_hits %ld misses %ld timeouts %ld full %ld\n", who, SSL_CTX_sess_hits(ctx),
         SSL_CTX_sess_cb_hits(ctx), SSL_CTX_sess_misses(ctx), SSL_CTX_sess_timeouts(ctx),
         SSL_CTX_sess_cache_full(ctx));
  printf("%s: number %ld\n", who, SSL_CTX_sess_number(ctx));
}

/* Another connection of the same SSL_CTXs, with the session given, if any. */
static void ConnectAgain(struct Pair* pair, SSL_SESSION* session) {
  SSL_shutdown(pair->client);
  SSL_shutdown(pair->server);
  SSL_free(pair->client);
  SSL_free(pair->server);
  OverMemory(pair);
  if (session != NULL) SayValue("set", SSL_set_session(pair->client, session));
  MustHandshake(pair);
  SayValue("client reused", SSL_session_reused(pair->client));
  SayValue("server reused", SSL_session_reused(pair->server));
}

static void CacheOnClient(struct Pair* pair) {
  SSL_CTX_set_session_cache_mode(pair->client_ctx, SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(pair->client_ctx, KeepNew);
}

/* --- Scenarios */

static void Statistics(struct Pair* pair) {
  CacheOnClient(pair);
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  SayStatistics("client", pair->client_ctx);
  SayStatistics("server", pair->server_ctx);
  ConnectAgain(pair, kept);
  SayStatistics("client, resumed", pair->client_ctx);
  SayStatistics("server, resumed", pair->server_ctx);
  ConnectAgain(pair, NULL);
  SayStatistics("client, anew", pair->client_ctx);
  SayStatistics("server, anew", pair->server_ctx);
}

static void FailedStatistics(struct Pair* pair) {
  int client_result, server_result;
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  SayStatistics("client", pair->client_ctx);
  SayStatistics("server", pair->server_ctx);
}

static void ServersSession(struct Pair* pair) {
  unsigned char own[SSL_MAX_MASTER_KEY_LENGTH], clients[SSL_MAX_MASTER_KEY_LENGTH];
  unsigned int id_len = 0;
  CacheOnClient(pair);
  num_new = 0;
  SSL_CTX_sess_set_new_cb(pair->server_ctx, CountNew);
  SSL_set_session_id_context(pair->server, (const unsigned char*)"x", 1);
  MustHandshake(pair);
  SSL_SESSION* session = SSL_get_session(pair->server);
  SSL_SESSION_get_id(session, &id_len);
  SayValue("id", id_len);
  SayValue("resumable", SSL_SESSION_is_resumable(session));
  const size_t own_len = SSL_SESSION_get_master_key(session, own, sizeof(own));
  const size_t clients_len = SSL_SESSION_get_master_key(kept, clients, sizeof(clients));
  SayValue("as long as the client's", own_len == clients_len && own_len > 0);
  SayValue("the client's key", memcmp(own, clients, own_len) == 0);
  SayValue("the same again", SSL_get_session(pair->server) == session);
  SayValue("has ticket", SSL_SESSION_has_ticket(session));
  SayValue("id context", SSL_SESSION_get0_id_context(session, &id_len) != NULL && id_len == 1);
}

static void Appdata(struct Pair* pair) {
  void* data = NULL;
  size_t len = 1;
  CacheOnClient(pair);
  MustHandshake(pair);
  SayValue("get", SSL_SESSION_get0_ticket_appdata(kept, &data, &len));
  SayValue("none", data == NULL && len == 0);
  SayValue("set", SSL_SESSION_set1_ticket_appdata(kept, "mine", 4));
  SayValue("get", SSL_SESSION_get0_ticket_appdata(kept, &data, &len));
  SayValue("mine", len == 4 && memcmp(data, "mine", 4) == 0);
  SSL_SESSION* copy = SSL_SESSION_dup(kept);
  SayValue("get", SSL_SESSION_get0_ticket_appdata(copy, &data, &len));
  SayValue("mine in the copy", len == 4 && memcmp(data, "mine", 4) == 0);
  SayValue("set none", SSL_SESSION_set1_ticket_appdata(copy, NULL, 0));
  SayValue("get", SSL_SESSION_get0_ticket_appdata(copy, &data, &len));
  SayValue("none", data == NULL && len == 0);
  ConnectAgain(pair, copy);
  SSL_SESSION_free(copy);
}

static void Expired(struct Pair* pair) {
  CacheOnClient(pair);
  MustHandshake(pair);
  SSL_SESSION_set_time(kept, (long)time(NULL) - 100000);
  ConnectAgain(pair, kept);
  SayStatistics("server", pair->server_ctx);
}

static void Lifetime(struct Pair* pair) {
  CacheOnClient(pair);
  MustHandshake(pair);
  SayValue("lifetime", (long)SSL_SESSION_get_ticket_lifetime_hint(kept));
  SSL_CTX_set_timeout(pair->server_ctx, 5);
  ConnectAgain(pair, NULL);
  SayValue("lifetime", (long)SSL_SESSION_get_ticket_lifetime_hint(kept));
  SayValue("server's timeout", SSL_SESSION_get_timeout(SSL_get_session(pair->server)));
}

static void ClientsCache(struct Pair* pair) {
  CacheOnClient(pair);
  num_removed = 0;
  SSL_CTX_sess_set_remove_cb(pair->client_ctx, CountRemoved);
  MustHandshake(pair);
  SayValue("number", SSL_CTX_sess_number(pair->client_ctx));
  SayValue("add again", SSL_CTX_add_session(pair->client_ctx, kept));
  SayValue("remove", SSL_CTX_remove_session(pair->client_ctx, kept));
  SayValue("number", SSL_CTX_sess_number(pair->client_ctx));
  SayValue("resumable", SSL_SESSION_is_resumable(kept));
  SayValue("removed", num_removed);
  ConnectAgain(pair, kept);
  SayValue("number", SSL_CTX_sess_number(pair->client_ctx));
  SSL_CTX_flush_sessions(pair->client_ctx, 0);
  SayValue("number", SSL_CTX_sess_number(pair->client_ctx));
}

static void SetNoSession(struct Pair* pair) {
  CacheOnClient(pair);
  MustHandshake(pair);
  SayValue("has one", SSL_get_session(pair->client) != NULL);
  SayValue("set", SSL_set_session(pair->client, NULL));
  SayValue("has one", SSL_get_session(pair->client) != NULL);
  SayValue("get1", SSL_get1_session(pair->client) != NULL);
}

static void SetNoSessionBefore(struct Pair* pair) {
  CacheOnClient(pair);
  MustHandshake(pair);
  SSL_free(pair->client);
  SSL_free(pair->server);
  OverMemory(pair);
  SayValue("set", SSL_set_session(pair->client, kept));
  SayValue("has it", SSL_get_session(pair->client) == kept);
  SayValue("set none", SSL_set_session(pair->client, NULL));
  SayValue("has one", SSL_get_session(pair->client) != NULL);
  MustHandshake(pair);
  SayValue("reused", SSL_session_reused(pair->client));
}

static int AcceptName(SSL* ssl, int* alert, void* arg) {
  (void)ssl;
  (void)alert;
  (void)arg;
  return SSL_TLSEXT_ERR_OK;
}

static void SayHostname(const char* who, const SSL_SESSION* session) {
  const char* name = session == NULL ? NULL : SSL_SESSION_get0_hostname(session);
  printf("%s: %s\n", who, name == NULL ? "none" : name);
}

static void Hostname(struct Pair* pair) {
  CacheOnClient(pair);
  SSL_set_tlsext_host_name(pair->client, "localhost");
  MustHandshake(pair);
  SayHostname("client", SSL_get_session(pair->client));
  SayHostname("server", SSL_get_session(pair->server));
  SayHostname("kept", kept);
}

static void AcceptedHostname(struct Pair* pair) {
  SSL_CTX_set_tlsext_servername_callback(pair->server_ctx, AcceptName);
  Hostname(pair);
}

static void KeyUpdateType(struct Pair* pair) {
  char data[8];
  SayValue("before", SSL_get_key_update_type(pair->client));
  MustHandshake(pair);
  SayValue("none", SSL_get_key_update_type(pair->client));
  Say("not requested", pair->client, SSL_key_update(pair->client, SSL_KEY_UPDATE_NOT_REQUESTED));
  SayValue("type", SSL_get_key_update_type(pair->client));
  Say("requested", pair->client, SSL_key_update(pair->client, SSL_KEY_UPDATE_REQUESTED));
  SayValue("type", SSL_get_key_update_type(pair->client));
  Say("again", pair->client, SSL_key_update(pair->client, SSL_KEY_UPDATE_REQUESTED));
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
  SayValue("type", SSL_get_key_update_type(pair->client));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  SayValue("server's type", SSL_get_key_update_type(pair->server));
  Say("write", pair->server, SSL_write(pair->server, "y", 1));
  Say("read", pair->client, ReadSoon(pair->client, data, sizeof(data)));
  Say("by handshake", pair->client, SSL_key_update(pair->client, SSL_KEY_UPDATE_NOT_REQUESTED));
  SayValue("type", SSL_get_key_update_type(pair->client));
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  SayValue("type", SSL_get_key_update_type(pair->client));
}

static void SayCiphers(const char* what, SSL* ssl) {
  STACK_OF(SSL_CIPHER)* ciphers = SSL_get1_supported_ciphers(ssl);
  printf("%s: %d", what, ciphers == NULL ? -1 : sk_SSL_CIPHER_num(ciphers));
  for (int i = 0; ciphers != NULL && i < sk_SSL_CIPHER_num(ciphers) && i < 4; ++i) {
    printf(" %s", SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)));
  }
  printf("\n");
  sk_SSL_CIPHER_free(ciphers);
}

static void SupportedCiphers(struct Pair* pair) {
  const int newest = speaks_tls ? TLS1_3_VERSION : 0xfefc;
  const int older = speaks_tls ? TLS1_2_VERSION : DTLS1_2_VERSION;
  SayCiphers("client", pair->client);
  SayCiphers("server", pair->server);
  SSL_set_max_proto_version(pair->client, older);
  SayCiphers("without 1.3", pair->client);
  SSL_set_max_proto_version(pair->client, 0);
  SSL_set_min_proto_version(pair->client, newest);
  SayCiphers("1.3 alone", pair->client);
  SSL_set_min_proto_version(pair->client, 0);
  SSL_set_cipher_list(pair->client, "ECDHE-ECDSA-AES128-GCM-SHA256");
  SSL_set_ciphersuites(pair->client, "TLS_AES_128_GCM_SHA256");
  SayCiphers("two", pair->client);
  MustHandshake(pair);
  SayCiphers("connected", pair->client);
}

static void NoGroup(struct Pair* pair) {
  int client_result, server_result;
  SSL_set1_groups_list(pair->client, "P-256");
  SSL_set1_groups_list(pair->server, "P-384");
  SSL_set_min_proto_version(pair->client, speaks_tls ? TLS1_3_VERSION : 0xfefc);
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  Say("server", pair->server, server_result);
  Say("client", pair->client, SSL_do_handshake(pair->client));
}

static int GiveNoCertificate(SSL* ssl, void* arg) {
  (void)ssl;
  (void)arg;
  return 1;
}

static void NoCertificate(struct Pair* pair) {
  int client_result, server_result;
  SSL_certs_clear(pair->server);
  SSL_set_cert_cb(pair->server, GiveNoCertificate, NULL);
  SSL_set_min_proto_version(pair->client, speaks_tls ? TLS1_3_VERSION : 0xfefc);
  SSL_set_min_proto_version(pair->server, speaks_tls ? TLS1_3_VERSION : 0xfefc);
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  Say("server", pair->server, server_result);
  Say("client", pair->client, SSL_do_handshake(pair->client));
}

static int TicketExtension(SSL* ssl, const unsigned char* data, int len, void* arg) {
  (void)ssl;
  (void)data;
  printf("%s ticket extension: %d bytes\n", (const char*)arg, len);
  return 1;
}

static int SessionSecret(SSL* ssl, void* secret, int* secret_len, STACK_OF(SSL_CIPHER) * peers,
                         const SSL_CIPHER** cipher, void* arg) {
  (void)ssl;
  (void)secret;
  (void)secret_len;
  (void)peers;
  (void)cipher;
  printf("%s session secret\n", (const char*)arg);
  return 0;
}

static void TicketExtensions(struct Pair* pair) {
  int client_result, server_result;
  SayValue("set", SSL_set_session_ticket_ext(pair->client, (void*)"ticket", 6));
  SSL_set_session_ticket_ext_cb(pair->client, TicketExtension, (void*)"client's");
  SSL_set_session_ticket_ext_cb(pair->server, TicketExtension, (void*)"server's");
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  printf("version: %s\n", SSL_get_version(pair->client));
}

static void SessionSecrets(struct Pair* pair) {
  int client_result, server_result;
  SSL_set_session_ticket_ext(pair->client, (void*)"ticket", 6);
  SSL_set_session_secret_cb(pair->client, SessionSecret, (void*)"client's");
  SSL_set_session_secret_cb(pair->server, SessionSecret, (void*)"server's");
  SayValue("handshake", Handshake(pair, &client_result, &server_result));
  Say("client", pair->client, client_result);
}

static void EarlyDataOfAnOldClient(struct Pair* pair) {
  char data[8];
  size_t num_read = 7;
  SSL_set_max_proto_version(pair->client, speaks_tls ? TLS1_2_VERSION : DTLS1_2_VERSION);
  for (int round = 0; round < 6; ++round) {
    SSL_do_handshake(pair->client);
    ERR_clear_error();
    Say("early", pair->server, SSL_read_early_data(pair->server, data, sizeof(data), &num_read));
  }
  SayValue("read", (long)num_read);
  SayValue("finished", SSL_is_init_finished(pair->server));
  SayValue("status", SSL_get_early_data_status(pair->server));
  Say("handshake", pair->server, SSL_do_handshake(pair->server));
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
}

int main(int argc, char** argv) {
  speaks_tls = argc > 1 && strcmp(argv[1], "tls") == 0;
  MakeCertificate();
  Run("statistics", OverMemory, Statistics);
  Run("statistics of a failure", OverMemory, FailedStatistics);
  Run("the server's session", OverMemory, ServersSession);
  Run("application's data of a session", OverMemory, Appdata);
  Run("an expired session", OverMemory, Expired);
  Run("lifetime", OverMemory, Lifetime);
  Run("the client's cache", OverMemory, ClientsCache);
  Run("no session, set afterwards", OverMemory, SetNoSession);
  Run("no session, set before", OverMemory, SetNoSessionBefore);
  Run("host name", OverMemory, Hostname);
  Run("accepted host name", OverMemory, AcceptedHostname);
  Run("type of a key update", OverMemory, KeyUpdateType);
  Run("supported ciphers", OverMemory, SupportedCiphers);
  Run("no common group", OverMemory, NoGroup);
  Run("no certificate", OverMemory, NoCertificate);
  Run("ticket extension", OverMemory, TicketExtensions);
  Run("session secret", OverMemory, SessionSecrets);
  Run("early data of an old client", OverMemory, EarlyDataOfAnOldClient);
  SSL_SESSION_free(kept);
  FreeCertificate();
  return 0;
}
