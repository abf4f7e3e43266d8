// SPDX-License-Identifier: Apache-2.0
/* Servers of several processes, or of several SSL_CTXs, behind one socket: whichever of them gets a
 * client's datagram must be able to go on. Prints what the API says; the test runs it on plain
 * libssl and again under the preloaded library, and compares.
 *
 * Lines that begin with '#' are not compared: DTLS 1.2 has no early data. */

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/abi/pair.h"

enum { kMaxDatagramLen = 4096, kMaxDatagrams = 16, kMaxSessionLen = 8192, kPauseMs = 20 };

/* InChild runs `work` in a process of its own, and returns when that has ended. */
static void InChild(void (*work)(struct Pair* pair), struct Pair* pair) {
  int status = 0;
  fflush(stdout);
  const pid_t child = fork();
  Check(child >= 0, "no child");
  if (child == 0) {
    work(pair);
    fflush(stdout);
    _exit(0);
  }
  Check(waitpid(child, &status, 0) == child && status == 0, "a worker failed");
}

static void Send(SSL* client, int server_fd) {
  SSL_do_handshake(client);
  WaitReadable(server_fd);
}

/* --- Cookies */

static void Listen(SSL* server, const char* what) {
  BIO_ADDR* address = BIO_ADDR_new();
  SayValue(what, DTLSv1_listen(server, address));
  BIO_ADDR_free(address);
}

static void AnswerFirstHello(struct Pair* pair) { Listen(pair->server, "first hello"); }

static void CookieOfAnotherWorker(struct Pair* pair) {
  AskForCookies(pair->server_ctx);
  Send(pair->client, pair->server_fd);
  InChild(AnswerFirstHello, pair);
  WaitReadable(pair->client_fd);
  Send(pair->client, pair->server_fd);
  Listen(pair->server, "second hello, another worker");
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
}

static void CookieOfAnotherContext(struct Pair* pair) {
  struct Pair other;
  InitPair(&other);
  AskForCookies(pair->server_ctx);
  AskForCookies(other.server_ctx);
  SSL* second = SSL_new(other.server_ctx);
  BIO* bio = SSL_get_rbio(pair->server);
  BIO_up_ref(bio);
  SSL_set_bio(second, bio, bio);
  SSL_set_accept_state(second);
  Send(pair->client, pair->server_fd);
  Listen(pair->server, "first hello");
  WaitReadable(pair->client_fd);
  Send(pair->client, pair->server_fd);
  Listen(second, "second hello, another SSL_CTX");
  SSL_free(pair->server);
  pair->server = second;
  MustHandshake(pair);
  SSL_CTX_free(other.client_ctx);
  SSL_CTX_free(other.server_ctx);
}

/* --- Sessions */

static SSL_SESSION* kept;
static int session_pipe[2];

static int KeepSession(SSL* ssl, SSL_SESSION* session) {
  (void)ssl;
  SSL_SESSION_free(kept);
  kept = session;
  return 1;
}

static void KeepSessions(struct Pair* pair) {
  SSL_CTX_set_session_cache_mode(pair->client_ctx,
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(pair->client_ctx, KeepSession);
}

static void Reconnect(struct Pair* pair) {
  SSL_free(pair->client);
  SSL_free(pair->server);
  if (pair->client_fd >= 0) close(pair->client_fd);
  if (pair->server_fd >= 0) close(pair->server_fd);
  OverSockets(pair);
}

/* Connects, and waits for the session behind the handshake. */
static void Connect(struct Pair* pair) {
  char nothing[16];
  MustHandshake(pair);
  for (int round = 0; kept == NULL && round < kMaxRounds; ++round) {
    SSL_read(pair->server, nothing, sizeof(nothing));
    WaitReadable(pair->client_fd);
    SSL_read(pair->client, nothing, sizeof(nothing));
  }
  ERR_clear_error();
  Check(kept != NULL, "no session");
}

static void ConnectAndTell(struct Pair* pair) {
  unsigned char bytes[kMaxSessionLen], *end = bytes;
  Connect(pair);
  Check(i2d_SSL_SESSION(kept, NULL) <= kMaxSessionLen, "a long session");
  const int len = i2d_SSL_SESSION(kept, &end);
  Check(write(session_pipe[1], bytes, (size_t)len) == len, "no pipe");
}

static void TicketOfAnotherWorker(struct Pair* pair) {
  unsigned char bytes[kMaxSessionLen];
  const unsigned char* end = bytes;
  KeepSessions(pair);
  Check(pipe(session_pipe) == 0, "no pipe");
  InChild(ConnectAndTell, pair);
  const ssize_t len = read(session_pipe[0], bytes, sizeof(bytes));
  SSL_SESSION* session = d2i_SSL_SESSION(NULL, &end, len);
  Check(session != NULL, "no session");
  Reconnect(pair);
  SSL_set_session(pair->client, session);
  MustHandshake(pair);
  SayValue("resumes the session of another worker", SSL_session_reused(pair->client));
  SSL_SESSION_free(session);
  SSL_SESSION_free(kept);
  kept = NULL;
  close(session_pipe[0]);
  close(session_pipe[1]);
}

/* --- Early data */

static unsigned char flight[kMaxDatagrams][kMaxDatagramLen];
static ssize_t flight_lens[kMaxDatagrams];
static int flight_len;
static int taken_pipe[2];

/* A client's first flight of early data, caught and not delivered. */
static void CatchEarlyFlight(struct Pair* pair, SSL_SESSION* session) {
  struct sockaddr_in server_address, client_address;
  const int sink = BoundSocket(&server_address), fd = BoundSocket(&client_address);
  SSL* client = SSL_new(pair->client_ctx);
  size_t written = 0;
  UseSocket(client, fd, &server_address);
  SSL_set_session(client, session);
  SSL_set_connect_state(client);
  if (SSL_write_early_data(client, "pay", 3, &written) != 1) ERR_clear_error();
  WaitReadable(sink);
  poll(NULL, 0, kPauseMs);
  while (flight_len < kMaxDatagrams) {
    const ssize_t len = recv(sink, flight[flight_len], kMaxDatagramLen, 0);
    if (len <= 0) break;
    flight_lens[flight_len++] = len;
  }
  SSL_free(client);
  close(sink);
  close(fd);
}

/* Delivers it to a server of this process. Returns whether the server gave out the early data. */
static int TakesEarlyFlight(struct Pair* pair) {
  struct sockaddr_in server_address, client_address;
  const int server_fd = BoundSocket(&server_address), fd = BoundSocket(&client_address);
  SSL* server = SSL_new(pair->server_ctx);
  char data[16];
  size_t len = 0;
  UseSocket(server, server_fd, &client_address);
  SSL_set_accept_state(server);
  Check(connect(fd, (struct sockaddr*)&server_address, sizeof(server_address)) == 0, "no way");
  for (int i = 0; i < flight_len; ++i) send(fd, flight[i], (size_t)flight_lens[i], 0);
  int result = SSL_READ_EARLY_DATA_ERROR;
  for (int round = 0; round < 5 && result == SSL_READ_EARLY_DATA_ERROR; ++round) {
    WaitReadable(server_fd);
    result = SSL_read_early_data(server, data, sizeof(data), &len);
  }
  ERR_clear_error();
  SSL_free(server);
  close(server_fd);
  close(fd);
  return result == SSL_READ_EARLY_DATA_SUCCESS && len == 3;
}

static void TellWhetherTaken(struct Pair* pair) {
  const char taken = (char)TakesEarlyFlight(pair);
  Check(write(taken_pipe[1], &taken, 1) == 1, "no pipe");
}

static int TakenByAnotherWorker(struct Pair* pair) {
  char taken = 0;
  InChild(TellWhetherTaken, pair);
  Check(read(taken_pipe[0], &taken, 1) == 1, "no pipe");
  return taken;
}

/* The worker that issued the session may take it; nobody may after that, nor instead. */
static void EarlyDataOfAnotherWorker(struct Pair* pair) {
  KeepSessions(pair);
  SSL_CTX_set_max_early_data(pair->server_ctx, 1000);
  SSL_CTX_set_recv_max_early_data(pair->server_ctx, 1000);
  Reconnect(pair);
  Connect(pair);
  const int has_early_data = SSL_version(pair->client) != DTLS1_2_VERSION;
  CatchEarlyFlight(pair, kept);
  Check(pipe(taken_pipe) == 0, "no pipe");
  SayValue("taken by a child", TakenByAnotherWorker(pair));
  Check(TakesEarlyFlight(pair) == has_early_data, "not taken by its server");
  SayValue("taken again", TakesEarlyFlight(pair));
  SayValue("taken by another child", TakenByAnotherWorker(pair));
  SSL_SESSION_free(kept);
  kept = NULL;
  close(taken_pipe[0]);
  close(taken_pipe[1]);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  MakeCertificate();
  Run("cookie of another worker", OverSockets, CookieOfAnotherWorker);
  Run("cookie of another context", OverSockets, CookieOfAnotherContext);
  Run("ticket of another worker", OverSockets, TicketOfAnotherWorker);
  Run("early data of another worker", OverSockets, EarlyDataOfAnotherWorker);
  FreeCertificate();
  return 0;
}
