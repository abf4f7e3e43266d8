// SPDX-License-Identifier: Apache-2.0
/* Drives two DTLS connections in one process and prints what an application can observe of libssl:
 * return values, SSL_get_error, the first reason on the error queue, the shutdown flags. The test
 * runs it on plain libssl and again under the preloaded library, and compares the output.
 *
 * Lines that begin with '#' tell the two apart and are not compared. */

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/abi/pair.h"

/* --- Scenarios */

static void Handshaking(struct Pair* pair) {
  char data[16];
  struct timeval left;
  SayValue("in_init before", SSL_in_init(pair->client));
  SayValue("in_before before", SSL_in_before(pair->client));
  SayValue("finished before", SSL_is_init_finished(pair->client));
  SayValue("timer before", DTLSv1_get_timeout(pair->client, &left));
  errno = 0;
  Say("connect", pair->client, SSL_do_handshake(pair->client));
  SayValue("errno is EINTR", errno == EINTR);
  SayValue("want_read", SSL_want_read(pair->client));
  SayValue("in_before during", SSL_in_before(pair->client));
  SayValue("in_init during", SSL_in_init(pair->client));
  SayValue("timer during", DTLSv1_get_timeout(pair->client, &left));
  SayValue("within a second", left.tv_sec <= 1);
  SayValue("nothing expired", DTLSv1_handle_timeout(pair->client));
  Say("read during", pair->client, SSL_read(pair->client, data, sizeof(data)));
  Say("write during", pair->client, SSL_write(pair->client, "x", 1));
  Say("shutdown during", pair->client, SSL_shutdown(pair->client));
  SayValue("pending during", SSL_pending(pair->client));
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  SayValue("client finished", SSL_is_init_finished(pair->client));
  SayValue("server finished", SSL_is_init_finished(pair->server));
  SayValue("state is OK", SSL_get_state(pair->client) == TLS_ST_OK);
  printf("state string: %s\n", SSL_state_string_long(pair->client));
  SayValue("in_before after", SSL_in_before(pair->client));
  SayValue("client timer after", DTLSv1_get_timeout(pair->client, &left));
  SayValue("server timer after", DTLSv1_get_timeout(pair->server, &left));
  Say("handshake again", pair->client, SSL_do_handshake(pair->client));
  Say("connect again", pair->client, SSL_connect(pair->client));
}

static void Data(struct Pair* pair) {
  char in[4096], out[1000];
  size_t num_read = 0;
  MustHandshake(pair);
  for (size_t i = 0; i < sizeof(out); ++i) out[i] = (char)i;
  Say("read nothing", pair->server, SSL_read(pair->server, in, sizeof(in)));
  SayValue("want_read", SSL_want_read(pair->server));
  Say("peek nothing", pair->server, SSL_peek(pair->server, in, sizeof(in)));
  Say("write", pair->client, SSL_write(pair->client, out, sizeof(out)));
  WaitReadable(pair->server_fd);
  SayValue("pending unread", SSL_pending(pair->server));
  Say("peek", pair->server, SSL_peek(pair->server, in, 10));
  SayValue("pending after peek", SSL_pending(pair->server));
  SayValue("has_pending after peek", SSL_has_pending(pair->server));
  Say("read 4", pair->server, SSL_read(pair->server, in, 4));
  SayValue("pending after 4", SSL_pending(pair->server));
  Say("read the rest", pair->server, SSL_read(pair->server, in + 4, sizeof(in) - 4));
  SayValue("same bytes", memcmp(in, out, sizeof(out)) == 0);
  SayValue("pending after all", SSL_pending(pair->server));
  Say("read_ex nothing", pair->server, SSL_read_ex(pair->server, in, sizeof(in), &num_read));
  Say("two records", pair->client, SSL_write(pair->client, out, 5));
  Say("two records", pair->client, SSL_write(pair->client, out, 6));
  WaitReadable(pair->server_fd);
  Say("one read, one record", pair->server, ReadSoon(pair->server, in, sizeof(in)));
  Say("the other", pair->server, ReadSoon(pair->server, in, sizeof(in)));
  Say("write_ex", pair->server, SSL_write_ex(pair->server, out, 7, &num_read));
  SayValue("written", (long)num_read);
  Say("answer", pair->client, ReadSoon(pair->client, in, sizeof(in)));
  static char too_large[20000];
  Say("too large", pair->client, SSL_write(pair->client, too_large, sizeof(too_large)));
  Say("still up", pair->client, SSL_write(pair->client, out, 5));
}

static void Closing(struct Pair* pair) {
  char in[64];
  MustHandshake(pair);
  Say("server writes", pair->server, SSL_write(pair->server, "before", 6));
  Say("client shuts down", pair->client, SSL_shutdown(pair->client));
  Say("client writes after", pair->client, SSL_write(pair->client, "x", 1));
  Say("client reads after", pair->client, ReadSoon(pair->client, in, sizeof(in)));
  Say("server reads the end", pair->server, ReadSoon(pair->server, in, sizeof(in)));
  Say("server reads it again", pair->server, SSL_read(pair->server, in, sizeof(in)));
  Say("server still writes", pair->server, SSL_write(pair->server, "after", 5));
  Say("client reads that", pair->client, ReadSoon(pair->client, in, sizeof(in)));
  Say("server shuts down", pair->server, SSL_shutdown(pair->server));
  Say("server again", pair->server, SSL_shutdown(pair->server));
  WaitReadable(pair->client_fd);
  Say("client shuts down again", pair->client, SSL_shutdown(pair->client));
  Say("client reads the end", pair->client, SSL_read(pair->client, in, sizeof(in)));
}

static void ClosingUnanswered(struct Pair* pair) {
  MustHandshake(pair);
  Say("first", pair->client, SSL_shutdown(pair->client));
  Say("second", pair->client, SSL_shutdown(pair->client));
  Say("third", pair->client, SSL_shutdown(pair->client));
}

static void ClosingFirst(struct Pair* pair) {
  MustHandshake(pair);
  Say("client", pair->client, SSL_shutdown(pair->client));
  WaitReadable(pair->server_fd);
  Say("server without reading", pair->server, SSL_shutdown(pair->server));
  Say("server again", pair->server, SSL_shutdown(pair->server));
  WaitReadable(pair->client_fd);
  Say("client again", pair->client, SSL_shutdown(pair->client));
}

/* The client says with its question that it has no other, and still gets the whole answer; the
 * server is rid of it with that. */
static void ClosingWithTheQuestion(struct Pair* pair) {
  enum { kParts = 20, kPartLen = 500 };
  char data[kPartLen] = "a part of the answer";
  long answered = 0;
  int len;
  MustHandshake(pair);
  Say("question", pair->client, SSL_write(pair->client, "question", 8));
  Say("client closes", pair->client, SSL_shutdown(pair->client));
  Say("server reads", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  Say("server sees the end", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  for (int part = 0; part < kParts; ++part) {
    Check(SSL_write(pair->server, data, kPartLen) == kPartLen, "a part was not taken");
  }
  Say("server closes", pair->server, SSL_shutdown(pair->server));
  SSL_free(pair->server);
  pair->server = NULL;
  while ((len = ReadSoon(pair->client, data, sizeof(data))) > 0) answered += len;
  SayValue("answer", answered);
  Say("client sees the end", pair->client, len);
  Say("client is done", pair->client, SSL_shutdown(pair->client));
}

static void QuietShutdown(struct Pair* pair) {
  char in[8];
  MustHandshake(pair);
  SSL_set_quiet_shutdown(pair->client, 1);
  Say("quiet", pair->client, SSL_shutdown(pair->client));
  Say("server hears nothing", pair->server, SSL_read(pair->server, in, sizeof(in)));
  SSL_set_shutdown(pair->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  Say("flags set by hand", pair->server, SSL_shutdown(pair->server));
  Say("read with flags", pair->server, SSL_read(pair->server, in, sizeof(in)));
  Say("write with flags", pair->server, SSL_write(pair->server, "x", 1));
}

static void Uninitialized(struct Pair* pair) {
  char in[8];
  SSL* ssl = SSL_new(pair->client_ctx);
  Say("handshake", ssl, SSL_do_handshake(ssl));
  Say("read", ssl, SSL_read(ssl, in, sizeof(in)));
  Say("write", ssl, SSL_write(ssl, "x", 1));
  Say("shutdown", ssl, SSL_shutdown(ssl));
  SayValue("pending", SSL_pending(ssl));
  SayValue("session", SSL_get_session(ssl) != NULL);
  SayValue("peer", SSL_get0_peer_certificate(ssl) != NULL);
  SSL_free(ssl);
}

static void Verification(struct Pair* pair) {
  int client_result, server_result;
  char in[8];
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  Handshake(pair, &client_result, &server_result);
  Say("client", pair->client, client_result);
  SayValue("verify result", SSL_get_verify_result(pair->client));
  SayValue("peer", SSL_get0_peer_certificate(pair->client) != NULL);
  Say("client again", pair->client, SSL_do_handshake(pair->client));
  WaitReadable(pair->server_fd);
  Say("server", pair->server, SSL_do_handshake(pair->server));
  /* libssl calls what follows a fatal alert a clean end; the preloaded library does not. */
  printf("# ");
  Say("server reads", pair->server, SSL_read(pair->server, in, sizeof(in)));
  Say("client shuts down", pair->client, SSL_shutdown(pair->client));
}

static int AcceptAnything(int ok, X509_STORE_CTX* context) {
  SSL* ssl = X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx());
  printf("callback: ok=%d error=%d depth=%d ssl=%s\n", ok, X509_STORE_CTX_get_error(context),
         X509_STORE_CTX_get_error_depth(context), ssl != NULL ? "there" : "missing");
  return 1;
}

static void VerifyCallback(struct Pair* pair) {
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, AcceptAnything);
  MustHandshake(pair);
  SayValue("verify result", SSL_get_verify_result(pair->client));
}

static void TrustedPeer(struct Pair* pair) {
  X509_STORE_add_cert(SSL_CTX_get_cert_store(pair->client_ctx), certificate);
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  SSL_set1_host(pair->client, "localhost");
  MustHandshake(pair);
  SayValue("verify result", SSL_get_verify_result(pair->client));
  printf("peer name: %s\n", SSL_get0_peername(pair->client));
  X509* peer = SSL_get1_peer_certificate(pair->client);
  SayValue("same certificate", peer != NULL && X509_cmp(peer, certificate) == 0);
  X509_free(peer);
  SayValue("chain", sk_X509_num(SSL_get_peer_cert_chain(pair->client)));
  SayValue("verified chain", sk_X509_num(SSL_get0_verified_chain(pair->client)));
  SayValue("client's own at the server", SSL_get0_peer_certificate(pair->server) != NULL);
}

static void WrongHost(struct Pair* pair) {
  int client_result, server_result;
  X509_STORE_add_cert(SSL_CTX_get_cert_store(pair->client_ctx), certificate);
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  SSL_set1_host(pair->client, "elsewhere.example");
  Handshake(pair, &client_result, &server_result);
  Say("client", pair->client, client_result);
  SayValue("verify result", SSL_get_verify_result(pair->client));
}

static void Queries(struct Pair* pair) {
  unsigned char exported[2][48], random[2][32], finished[2][64];
  int nid = 0;
  EVP_PKEY* peer_key = NULL;
  SSL_set_tlsext_host_name(pair->client, "name.example");
  MustHandshake(pair);
  Check(SSL_export_keying_material(pair->client, exported[0], 48, "EXPERIMENTAL", 12, NULL, 0, 0) ==
                1 &&
            SSL_export_keying_material(pair->server, exported[1], 48, "EXPERIMENTAL", 12, NULL, 0,
                                       0) == 1,
        "no exporter");
  SayValue("exporters agree", memcmp(exported[0], exported[1], 48) == 0);
  SayValue("random length", (long)SSL_get_client_random(pair->client, NULL, 0));
  SSL_get_client_random(pair->client, random[0], 32);
  SSL_get_client_random(pair->server, random[1], 32);
  SayValue("client randoms agree", memcmp(random[0], random[1], 32) == 0);
  SSL_get_server_random(pair->client, random[0], 32);
  SSL_get_server_random(pair->server, random[1], 32);
  SayValue("server randoms agree", memcmp(random[0], random[1], 32) == 0);
  const size_t len = SSL_get_finished(pair->client, finished[0], 64);
  SayValue("finished agree", SSL_get_peer_finished(pair->server, finished[1], 64) == len &&
                                 memcmp(finished[0], finished[1], len) == 0);
  SayValue("same cipher",
           SSL_get_current_cipher(pair->client) != NULL &&
               SSL_get_current_cipher(pair->client) == SSL_get_current_cipher(pair->server));
  printf("server name: %s type %d\n", SSL_get_servername(pair->server, TLSEXT_NAMETYPE_host_name),
         SSL_get_servername_type(pair->server));
  SayValue("signature type",
           SSL_get_peer_signature_type_nid(pair->client, &nid) == 1 && nid == EVP_PKEY_EC);
  SayValue("signature hash",
           SSL_get_peer_signature_nid(pair->client, &nid) == 1 && nid == NID_sha256);
  SayValue("own signature type at the server",
           SSL_get_signature_type_nid(pair->server, &nid) == 1 && nid == EVP_PKEY_EC);
  SayValue("peer key",
           SSL_get_peer_tmp_key(pair->client, &peer_key) == 1 && EVP_PKEY_is_a(peer_key, "X25519"));
  EVP_PKEY_free(peer_key);
  SayValue("session", SSL_get_session(pair->client) != NULL);
  SayValue("session is the same again",
           SSL_get_session(pair->client) == SSL_get_session(pair->client));
  SSL_SESSION* session = SSL_get1_session(pair->client);
  SayValue("session's version",
           SSL_SESSION_get_protocol_version(session) == SSL_version(pair->client));
  SayValue("session's cipher",
           SSL_SESSION_get0_cipher(session) == SSL_get_current_cipher(pair->client));
  SayValue("session's peer", SSL_SESSION_get0_peer(session) != NULL &&
                                 X509_cmp(SSL_SESSION_get0_peer(session), certificate) == 0);
  SSL_SESSION_free(session);
  SayValue("reused", SSL_session_reused(pair->client));
  SayValue("is DTLS", SSL_is_dtls(pair->client));
  SayValue("is server", SSL_is_server(pair->server));
  SayValue("compression", SSL_get_current_compression(pair->client) != NULL);
  SayValue("data MTU is there", DTLS_get_data_mtu(pair->client) > 0);
}

static int num_started, num_done, num_alerts, num_exits;

static void CountInfo(const SSL* ssl, int where, int value) {
  (void)ssl;
  (void)value;
  if ((where & SSL_CB_HANDSHAKE_START) != 0) ++num_started;
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) ++num_done;
  if ((where & SSL_CB_ALERT) != 0) ++num_alerts;
  if ((where & SSL_CB_EXIT) != 0) ++num_exits;
}

static void InfoCallback(struct Pair* pair) {
  num_started = num_done = num_alerts = num_exits = 0;
  SSL_set_info_callback(pair->client, CountInfo);
  MustHandshake(pair);
  SayValue("started", num_started);
  SayValue("done", num_done);
  SayValue("alerts", num_alerts);
  SayValue("some exits", num_exits > 0);
  SSL_shutdown(pair->client);
  SayValue("alerts after shutdown", num_alerts);
}

static void ClearAndReuse(struct Pair* pair) {
  char in[8];
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, "one", 3));
  Say("read", pair->server, ReadSoon(pair->server, in, sizeof(in)));
  SSL_shutdown(pair->client);
  Say("end", pair->server, ReadSoon(pair->server, in, sizeof(in)));
  SSL_shutdown(pair->server);
  ReadSoon(pair->client, in, sizeof(in));
  SayValue("clear", SSL_clear(pair->client));
  SayValue("clear", SSL_clear(pair->server));
  SayValue("flags", SSL_get_shutdown(pair->client));
  SayValue("finished", SSL_is_init_finished(pair->client));
  SayValue("in_before", SSL_in_before(pair->client));
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, "two", 3));
  Say("read", pair->server, ReadSoon(pair->server, in, sizeof(in)));
}

static void FreedInHandshake(struct Pair* pair) {
  Say("client", pair->client, SSL_do_handshake(pair->client));
  WaitReadable(pair->server_fd);
  Say("server", pair->server, SSL_do_handshake(pair->server));
}

static void NobodyThere(struct Pair* pair) {
  close(pair->server_fd);
  pair->server_fd = -1;
  Say("first", pair->client, SSL_do_handshake(pair->client));
  WaitReadable(pair->client_fd);
  Say("refused", pair->client, SSL_do_handshake(pair->client));
  Say("lives", pair->client, SSL_do_handshake(pair->client));
}

static void NoBio(struct Pair* pair) {
  char in[8];
  MustHandshake(pair);
  SSL_set_bio(pair->client, NULL, NULL);
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
  SSL_set_bio(pair->server, NULL, NULL);
  Say("read", pair->server, SSL_read(pair->server, in, sizeof(in)));
}

static void Garbage(struct Pair* pair) {
  static const unsigned char kGarbage[] = {0x17, 0xfe, 0xfd, 0, 9, 0, 0, 0, 0, 0, 1, 0, 3, 1, 2, 3};
  char in[8];
  MustHandshake(pair);
  for (size_t len = 1; len <= sizeof(kGarbage); ++len) {
    Check(send(pair->client_fd, kGarbage, len, 0) == (ssize_t)len, "no send");
  }
  WaitReadable(pair->server_fd);
  Say("read garbage", pair->server, SSL_read(pair->server, in, sizeof(in)));
  Say("write", pair->client, SSL_write(pair->client, "data", 4));
  Say("read data", pair->server, ReadSoon(pair->server, in, sizeof(in)));
}

/* --- Callbacks */

static int hello_verdict;

static int OnClientHello(SSL* ssl, int* alert, void* arg) {
  const unsigned char* bytes;
  size_t len;
  int* types;
  printf("hello: version=%x random=%zu session=%zu isv2=%d arg=%s\n",
         SSL_client_hello_get0_legacy_version(ssl), SSL_client_hello_get0_random(ssl, &bytes),
         SSL_client_hello_get0_session_id(ssl, &bytes), SSL_client_hello_isv2(ssl),
         (const char*)arg);
  SayValue("ciphers", SSL_client_hello_get0_ciphers(ssl, &bytes) > 0);
  SayValue("compression", (long)SSL_client_hello_get0_compression_methods(ssl, &bytes));
  SayValue("extensions",
           SSL_client_hello_get1_extensions_present(ssl, &types, &len) == 1 && len > 0);
  OPENSSL_free(types);
  SayValue("groups", SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_groups, &bytes, &len));
  SayValue("unknown", SSL_client_hello_get0_ext(ssl, 0xfff0, &bytes, &len));
  if (hello_verdict != SSL_CLIENT_HELLO_SUCCESS) *alert = SSL_AD_ACCESS_DENIED;
  return hello_verdict;
}

static void ClientHelloCallback(struct Pair* pair) {
  static char arg[] = "arg";
  hello_verdict = SSL_CLIENT_HELLO_SUCCESS;
  SSL_CTX_set_client_hello_cb(pair->server_ctx, OnClientHello, arg);
  MustHandshake(pair);
}

static void Refused(struct Pair* pair) {
  int client_result, server_result;
  Handshake(pair, &client_result, &server_result);
  Say("server", pair->server, server_result);
  WaitReadable(pair->client_fd);
  Say("client", pair->client, SSL_do_handshake(pair->client));
}

static void ClientHelloRefused(struct Pair* pair) {
  static char arg[] = "arg";
  hello_verdict = SSL_CLIENT_HELLO_ERROR;
  SSL_CTX_set_client_hello_cb(pair->server_ctx, OnClientHello, arg);
  Refused(pair);
}

static int OnServerName(SSL* ssl, int* alert, void* arg) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  printf("%s: name=%s type=%d\n", (const char*)arg, name, SSL_get_servername_type(ssl));
  if (name == NULL || strcmp(name, "name.example") == 0) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void ServerName(struct Pair* pair, const char* name) {
  static char server[] = "server's callback";
  SSL_CTX_set_tlsext_servername_callback(pair->server_ctx, OnServerName);
  SSL_CTX_set_tlsext_servername_arg(pair->server_ctx, server);
  SSL_set_tlsext_host_name(pair->client, name);
}

static void ServerNameCallback(struct Pair* pair) {
  static char client[] = "client's callback";
  SSL_CTX_set_tlsext_servername_callback(pair->client_ctx, OnServerName);
  SSL_CTX_set_tlsext_servername_arg(pair->client_ctx, client);
  ServerName(pair, "name.example");
  MustHandshake(pair);
}

static void ServerNameRefused(struct Pair* pair) {
  ServerName(pair, "other.example");
  Refused(pair);
}

static int OnCertificate(SSL* ssl, void* arg) {
  printf("certificate callback: %s\n", (const char*)arg);
  if (strcmp(arg, "use") != 0) return 0;
  return SSL_use_certificate(ssl, certificate) == 1 && SSL_use_PrivateKey(ssl, key) == 1;
}

static void CertificateCallback(struct Pair* pair) {
  static char use[] = "use";
  SSL_certs_clear(pair->server);
  SSL_set_cert_cb(pair->server, OnCertificate, use);
  MustHandshake(pair);
  SayValue("own certificate", X509_cmp(SSL_get_certificate(pair->server), certificate) == 0);
}

static void CertificateRefused(struct Pair* pair) {
  static char refuse[] = "refuse";
  SSL_set_cert_cb(pair->server, OnCertificate, refuse);
  Refused(pair);
}

static int OnVerifyChain(X509_STORE_CTX* context, void* arg) {
  printf("chain callback: %s leaf=%d\n", (const char*)arg,
         X509_cmp(X509_STORE_CTX_get0_cert(context), certificate) == 0);
  X509_STORE_CTX_set_error(context, X509_V_ERR_CERT_REVOKED);
  return strcmp(arg, "accept") == 0;
}

static void VerifyChainCallback(struct Pair* pair) {
  static char accept[] = "accept";
  SSL_CTX_set_cert_verify_callback(pair->client_ctx, OnVerifyChain, accept);
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  MustHandshake(pair);
  SayValue("verify result", SSL_get_verify_result(pair->client));
}

static void VerifyChainRefused(struct Pair* pair) {
  static char refuse[] = "refuse";
  int client_result, server_result;
  SSL_CTX_set_cert_verify_callback(pair->client_ctx, OnVerifyChain, refuse);
  SSL_set_verify(pair->client, SSL_VERIFY_PEER, NULL);
  Handshake(pair, &client_result, &server_result);
  Say("client", pair->client, client_result);
  WaitReadable(pair->server_fd);
  Say("server", pair->server, SSL_do_handshake(pair->server));
}

static int num_messages, num_lines;

static void OnMessage(int write_p, int version, int content_type, const void* buf, size_t len,
                      SSL* ssl, void* arg) {
  (void)write_p, (void)version, (void)content_type;
  Check(buf != NULL && len > 0 && arg == ssl, "wrong arguments of the message callback");
  ++num_messages;
}

static void OnKeyLog(const SSL* ssl, const char* line) {
  Check(ssl != NULL && strchr(line, ' ') != NULL, "wrong arguments of the key log callback");
  ++num_lines;
}

static void MessageAndKeyLog(struct Pair* pair) {
  num_messages = num_lines = 0;
  SSL_set_msg_callback(pair->client, OnMessage);
  SSL_set_msg_callback_arg(pair->client, pair->client);
  SSL_CTX_set_keylog_callback(pair->client_ctx, OnKeyLog);
  MustHandshake(pair);
  SayValue("messages", num_messages > 0);
  SayValue("lines", num_lines > 0);
}

static void Preferences(struct Pair* pair) {
  char names[512];
  int nid = 0, hash = 0;
  EVP_PKEY* peer_key = NULL;
  SayValue("unknown groups", SSL_set1_groups_list(pair->client, "X25519:nonsense"));
  SayValue("unknown algorithms", SSL_set1_sigalgs_list(pair->client, "nonsense"));
  ERR_clear_error();
  SayValue("groups", SSL_set1_groups_list(pair->client, "P-384:P-256"));
  SayValue("groups", SSL_set1_groups_list(pair->server, "P-256"));
  SayValue("algorithms", SSL_set1_sigalgs_list(pair->client, "ECDSA+SHA384:ECDSA+SHA256"));
  MustHandshake(pair);
  SayValue("group", SSL_get_negotiated_group(pair->client));
  SayValue("group at the server", SSL_get_negotiated_group(pair->server));
  SayValue("shared groups", SSL_get_shared_group(pair->server, -1));
  SayValue("first shared group", SSL_get_shared_group(pair->server, 0));
  SayValue("no second one", SSL_get_shared_group(pair->server, 1));
  SayValue("client's groups", SSL_get1_groups(pair->server, NULL));
  SayValue("key", SSL_get_peer_tmp_key(pair->client, &peer_key));
  SayValue("key's size", EVP_PKEY_get_bits(peer_key));
  EVP_PKEY_free(peer_key);
  SayValue("client's algorithms", SSL_get_sigalgs(pair->server, 0, &nid, &hash, NULL, NULL, NULL));
  SayValue("first one", nid == EVP_PKEY_EC && hash == NID_sha384);
  SayValue("past the last", SSL_get_sigalgs(pair->server, 2, NULL, NULL, NULL, NULL, NULL));
  SayValue("shared algorithms",
           SSL_get_shared_sigalgs(pair->server, 0, NULL, NULL, NULL, NULL, NULL));
  SayValue("shared ciphers", SSL_get_shared_ciphers(pair->server, names, sizeof(names)) == names);
  SayValue("none at the client",
           SSL_get_shared_ciphers(pair->client, names, sizeof(names)) == NULL);
  SayValue("client's ciphers", sk_SSL_CIPHER_num(SSL_get_client_ciphers(pair->server)) > 0);
}

static BIO* NewFilter(SSL* ssl) {
  BIO* bio = BIO_new(BIO_f_ssl());
  BIO_set_ssl(bio, ssl, BIO_NOCLOSE);
  return bio;
}

static void SayBio(const char* what, BIO* bio, int result) {
  printf("%s: %d read=%d write=%d special=%d retry=%d\n", what, result, BIO_should_read(bio) != 0,
         BIO_should_write(bio) != 0, BIO_should_io_special(bio) != 0, BIO_should_retry(bio) != 0);
}

static void FilterBio(struct Pair* pair) {
  char data[16];
  size_t len = 0;
  BIO* client = NewFilter(pair->client);
  BIO* server = NewFilter(pair->server);
  SayBio("nothing yet", server, BIO_read(server, data, sizeof(data)));
  SayBio("first flight", client, (int)BIO_do_handshake(client));
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  SayBio("handshake", client, (int)BIO_do_handshake(client));
  SayBio("write", client, BIO_write(client, "question", 8));
  WaitReadable(pair->server_fd);
  SayBio("read a part", server, BIO_read(server, data, 3));
  SayValue("pending", BIO_pending(server));
  SayBio("read the rest", server, BIO_read_ex(server, data, sizeof(data), &len));
  SayValue("length", (long)len);
  SayBio("nothing more", server, BIO_read(server, data, sizeof(data)));
  SayBio("write nothing", server, BIO_write(server, NULL, 0));
  SayBio("puts", server, BIO_puts(server, "answer"));
  WaitReadable(pair->client_fd);
  SayBio("read", client, BIO_read(client, data, sizeof(data)));
  BIO_ssl_shutdown(client);
  WaitReadable(pair->server_fd);
  SayBio("end", server, BIO_read(server, data, sizeof(data)));
  SayValue("shutdown", SSL_get_shutdown(pair->server));
  // BIO_set_ssl put the SSL's read BIO behind the filter, with a reference of its own.
  BIO_free_all(client);
  BIO_free_all(server);
}

int main(void) {
  MakeCertificate();
  Run("handshake over sockets", OverSockets, Handshaking);
  Run("handshake over memory", OverMemory, Handshaking);
  Run("data over sockets", OverSockets, Data);
  Run("data over memory", OverMemory, Data);
  Run("closing over sockets", OverSockets, Closing);
  Run("closing over memory", OverMemory, Closing);
  Run("closing unanswered", OverSockets, ClosingUnanswered);
  Run("closing first", OverSockets, ClosingFirst);
  Run("closing with the question", OverSockets, ClosingWithTheQuestion);
  Run("quiet shutdown", OverSockets, QuietShutdown);
  Run("uninitialized", OverSockets, Uninitialized);
  Run("verification fails", OverSockets, Verification);
  Run("verify callback", OverSockets, VerifyCallback);
  Run("trusted peer", OverSockets, TrustedPeer);
  Run("wrong host", OverSockets, WrongHost);
  Run("queries", OverSockets, Queries);
  Run("info callback", OverSockets, InfoCallback);
  Run("clear and reuse", OverSockets, ClearAndReuse);
  Run("freed in handshake", OverSockets, FreedInHandshake);
  Run("nobody there", OverSockets, NobodyThere);
  Run("no BIO", OverSockets, NoBio);
  Run("garbage", OverSockets, Garbage);
  Run("ClientHello callback", OverSockets, ClientHelloCallback);
  Run("ClientHello refused", OverSockets, ClientHelloRefused);
  Run("server name callback", OverSockets, ServerNameCallback);
  Run("server name refused", OverSockets, ServerNameRefused);
  Run("certificate callback", OverSockets, CertificateCallback);
  Run("certificate refused", OverSockets, CertificateRefused);
  Run("chain callback", OverSockets, VerifyChainCallback);
  Run("chain refused", OverSockets, VerifyChainRefused);
  Run("message and key log callbacks", OverSockets, MessageAndKeyLog);
  Run("preferences", OverSockets, Preferences);
  Run("filter BIO over sockets", OverSockets, FilterBio);
  Run("filter BIO over memory", OverMemory, FilterBio);
  FreeCertificate();
  return 0;
}
