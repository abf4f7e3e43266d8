// SPDX-License-Identifier: Apache-2.0
/* Timers, MTU and modes: what an application sets and is told. The test runs it on plain libssl and
 * again under the preloaded library, and compares; lines that begin with '#' are not compared. */

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/abi/pair.h"

/* --- A BIO that watches what the library asks of it, before a datagram BIO */

static long query_mtu_answer; /* -2: the BIO's own */
static size_t largest_written;
static struct timeval next_timeout;
static int num_announced;

static int WatchedWrite(BIO* bio, const char* data, int len) {
  BIO_clear_retry_flags(bio);
  if ((size_t)len > largest_written) largest_written = (size_t)len;
  const int result = BIO_write(BIO_next(bio), data, len);
  BIO_copy_next_retry(bio);
  return result;
}

static int WatchedRead(BIO* bio, char* data, int len) {
  const int result = BIO_read(BIO_next(bio), data, len);
  BIO_clear_retry_flags(bio);
  BIO_copy_next_retry(bio);
  return result;
}

static long WatchedControl(BIO* bio, int command, long number, void* pointer) {
  if (command == BIO_CTRL_DGRAM_QUERY_MTU && query_mtu_answer != -2) return query_mtu_answer;
  if (command == BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT) {
    memcpy(&next_timeout, pointer, sizeof(next_timeout));
    ++num_announced;
  }
  return BIO_ctrl(BIO_next(bio), command, number, pointer);
}

static int WatchedCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

static BIO_METHOD* watched;

static void Watch(SSL* ssl) {
  if (watched == NULL) {
    watched = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "watched");
    BIO_meth_set_write(watched, WatchedWrite);
    BIO_meth_set_read(watched, WatchedRead);
    BIO_meth_set_ctrl(watched, WatchedControl);
    BIO_meth_set_create(watched, WatchedCreate);
  }
  query_mtu_answer = -2;
  largest_written = 0;
  num_announced = 0;
  memset(&next_timeout, 0, sizeof(next_timeout));
  BIO* bio = SSL_get_rbio(ssl);
  BIO_up_ref(bio);
  bio = BIO_push(BIO_new(watched), bio);
  SSL_set_bio(ssl, bio, bio);
}

/* --- Timers */

static void Announced(struct Pair* pair) {
  struct timeval now;
  Watch(pair->client);
  SSL_do_handshake(pair->client);
  gettimeofday(&now, NULL);
  SayValue("told", num_announced > 0);
  SayValue("an absolute time", next_timeout.tv_sec >= now.tv_sec);
  SayValue("of the first flight", next_timeout.tv_sec <= now.tv_sec + 2);
  SayValue("a good fraction", next_timeout.tv_usec >= 0 && next_timeout.tv_usec < 1000000);
  MustHandshake(pair);
  SayValue("stopped", next_timeout.tv_sec == 0 && next_timeout.tv_usec == 0);
}

static void Exact(struct Pair* pair) {
  struct timeval left;
  SSL_do_handshake(pair->client);
  SayValue("runs", DTLSv1_get_timeout(pair->client, &left));
  SayValue("not yet", DTLSv1_handle_timeout(pair->client));
  poll(NULL, 0, 1050);
  SayValue("due", DTLSv1_get_timeout(pair->client, &left));
  SayValue("in no time", left.tv_sec == 0 && left.tv_usec == 0);
  SayValue("handled", DTLSv1_handle_timeout(pair->client));
  SayValue("runs again", DTLSv1_get_timeout(pair->client, &left));
  SayValue("twice as long", left.tv_sec == 1 && left.tv_usec > 0);
  SayValue("not twice", DTLSv1_handle_timeout(pair->client));
  MustHandshake(pair);
  SayValue("stopped", DTLSv1_get_timeout(pair->client, &left));
  SayValue("nothing to handle", DTLSv1_handle_timeout(pair->client));
}

/* A timer that expired is served by whatever is called next. */
static void ServedByHandshake(struct Pair* pair) {
  unsigned char datagram[4096];
  SSL_do_handshake(pair->client);
  poll(NULL, 0, 1050);
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  int num_hellos = 0;
  while (recv(pair->server_fd, datagram, sizeof(datagram), 0) > 0) ++num_hellos;
  SayValue("hellos", num_hellos);
}

/* --- MTU */

static void Mtu(struct Pair* pair) {
  SayValue("too small", SSL_set_mtu(pair->client, 100));
  SayValue("link too small", DTLS_set_link_mtu(pair->client, 100));
  SayValue("least of a link", DTLS_get_link_min_mtu(pair->client));
  SayValue("link", DTLS_set_link_mtu(pair->client, 728));
  /* The link's holds, once. */
  SayValue("set", SSL_set_mtu(pair->client, 500));
  SSL_set_options(pair->client, SSL_OP_NO_QUERY_MTU);
  Watch(pair->client);
  MustHandshake(pair);
  SayValue("kept", largest_written <= 700);
  const size_t data_mtu = DTLS_get_data_mtu(pair->client);
  SayValue("data MTU", data_mtu > 600 && data_mtu < 700);
  char data[1024];
  memset(data, 'x', sizeof(data));
  largest_written = 0;
  SayValue("as much", SSL_write(pair->client, data, (int)data_mtu) == (int)data_mtu);
  SayValue("fits", largest_written <= 700);
  SayValue("set", SSL_set_mtu(pair->client, 500));
  SayValue("is less now", DTLS_get_data_mtu(pair->client) < 500);
  /* More than that is the application's own affair. */
  SayValue("more", SSL_write(pair->client, data, 900));
}

static void UnknownMtu(struct Pair* pair, long answer) {
  Watch(pair->client);
  query_mtu_answer = answer;
  MustHandshake(pair);
  SayValue("data MTU", DTLS_get_data_mtu(pair->client) > 100);
  /* libssl cuts its messages to 256 bytes. */
  printf("# largest %zu\n", largest_written);
  SayValue("nothing huge", largest_written <= 1500);
}

static void NoMtu(struct Pair* pair) { UnknownMtu(pair, 0); }
static void MtuFails(struct Pair* pair) { UnknownMtu(pair, -1); }

/* --- Modes */

static void Modes(struct Pair* pair) {
  char data[64];
  const long before = SSL_get_mode(pair->client);
  SayValue("mode", before);
  SayValue("set", SSL_set_mode(pair->client, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                                 SSL_MODE_RELEASE_BUFFERS));
  SayValue("cleared", SSL_clear_mode(pair->client, SSL_MODE_AUTO_RETRY));
  SSL_set_read_ahead(pair->client, 1);
  SayValue("read ahead", SSL_get_read_ahead(pair->client));
  SayValue("max fragment", SSL_set_max_send_fragment(pair->client, 1000));
  SayValue("wrong one", SSL_set_max_send_fragment(pair->client, 100));
  SayValue("split fragment", SSL_set_split_send_fragment(pair->client, 600));
  SayValue("wrong one", SSL_set_split_send_fragment(pair->client, 2000));
  SayValue("pipelines", SSL_set_max_pipelines(pair->client, 4));
  SayValue("wrong number", SSL_set_max_pipelines(pair->client, 0));
  SSL_set_default_read_buffer_len(pair->client, 4096);
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, "hello", 5));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  Say("write", pair->server, SSL_write(pair->server, "hello", 5));
  Say("read", pair->client, ReadSoon(pair->client, data, sizeof(data)));
  Say("nothing", pair->client, SSL_read(pair->client, data, sizeof(data)));
}

/* --- How long a record may be */

static void LongRecord(struct Pair* pair) {
  char data[1024];
  memset(data, 'x', sizeof(data));
  SayValue("max fragment", SSL_CTX_set_max_send_fragment(pair->client_ctx, 600)); /* too late */
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, data, 700));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  SayValue("max fragment", SSL_set_max_send_fragment(pair->client, 512));
  SayValue("split fragment", SSL_set_split_send_fragment(pair->client, 100));
  Say("as long", pair->client, SSL_write(pair->client, data, 512));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  Say("too long", pair->client, SSL_write(pair->client, data, 513));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  Say("write", pair->client, SSL_write(pair->client, data, 1));
  Say("read", pair->client, SSL_read(pair->client, data, sizeof(data)));
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
}

static size_t Pad(SSL* ssl, int type, size_t len, void* arg) {
  (void)ssl, (void)type, (void)len, (void)arg;
  return 100;
}

/* Of padding an application sees nothing but that all arrives. */
static void Padding(struct Pair* pair) {
  char data[64];
  SSL_CTX_set_record_padding_callback_arg(pair->server_ctx, data);
  SayValue("argument of the SSL", SSL_get_record_padding_callback_arg(pair->server) == NULL);
  SSL_set_record_padding_callback_arg(pair->client, data);
  SayValue("argument", SSL_get_record_padding_callback_arg(pair->client) == data);
  SayValue("callback", SSL_set_record_padding_callback(pair->client, Pad));
  SayValue("blocks", SSL_set_block_padding(pair->server, 500));
  SayValue("wrong ones", SSL_set_block_padding(pair->server, 20000));
  SayValue("wrong ones", SSL_CTX_set_block_padding(pair->server_ctx, 20000));
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, "hello", 5));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  Say("write", pair->server, SSL_write(pair->server, "hello", 5));
  Say("read", pair->client, ReadSoon(pair->client, data, sizeof(data)));
  SayValue("no callback", SSL_set_record_padding_callback(pair->client, NULL));
  SayValue("no blocks", SSL_set_block_padding(pair->server, 1));
  Say("write", pair->server, SSL_write(pair->server, "hello", 5));
  Say("read", pair->client, ReadSoon(pair->client, data, sizeof(data)));
}

/* --- Callbacks see the same things in the same order */

static int last_message_type;

static void NoteMessage(int write_p, int version, int content_type, const void* bytes, size_t len,
                        SSL* ssl, void* arg) {
  (void)version, (void)ssl, (void)arg;
  if (write_p && content_type == SSL3_RT_HANDSHAKE && len > 0) {
    last_message_type = *(const unsigned char*)bytes;
  }
  if (content_type == SSL3_RT_ALERT) {
    printf("alert %s: %d\n", write_p ? "sent" : "received", ((const unsigned char*)bytes)[1]);
  }
}

static int num_key_lines;

static void NoteKey(const SSL* ssl, const char* line) {
  (void)ssl;
  if (strchr(line, ' ') != NULL) ++num_key_lines;
}

static void NoteInfo(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) != 0) {
    printf("info: alert %s %s\n", (where & SSL_CB_READ) != 0 ? "read" : "written",
           SSL_alert_desc_string_long(value));
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
    printf("info: done, finished=%d\n", SSL_is_init_finished(ssl));
  }
}

static void Callbacks(struct Pair* pair) {
  char data[16];
  last_message_type = num_key_lines = 0;
  SSL_set_msg_callback(pair->client, NoteMessage);
  SSL_CTX_set_keylog_callback(pair->client_ctx, NoteKey);
  SSL_set_info_callback(pair->client, NoteInfo);
  SSL_do_handshake(pair->client);
  SayValue("ClientHello seen", last_message_type == SSL3_MT_CLIENT_HELLO);
  MustHandshake(pair);
  SayValue("Finished seen last", last_message_type == SSL3_MT_FINISHED);
  SayValue("keys logged", num_key_lines > 0);
  SSL_shutdown(pair->client);
  Say("server", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  SSL_shutdown(pair->server);
  WaitReadable(pair->client_fd);
  Say("client", pair->client, SSL_shutdown(pair->client));
  /* A second connection of the same object is told of alike. */
  SSL_clear(pair->client);
  SSL_clear(pair->server);
  MustHandshake(pair);
  SayValue("Finished seen last", last_message_type == SSL3_MT_FINISHED);
  printf("# version %s\n", SSL_get_version(pair->client));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  MakeCertificate();
  Run("announced timers", OverSockets, Announced);
  Run("exact timers", OverSockets, Exact);
  Run("timer served by the handshake", OverSockets, ServedByHandshake);
  Run("MTU", OverSockets, Mtu);
  Run("no MTU", OverSockets, NoMtu);
  Run("MTU fails", OverSockets, MtuFails);
  Run("modes", OverSockets, Modes);
  Run("a long record", OverSockets, LongRecord);
  Run("padding", OverSockets, Padding);
  Run("callbacks", OverSockets, Callbacks);
  FreeCertificate();
  BIO_meth_free(watched);
  return 0;
}
