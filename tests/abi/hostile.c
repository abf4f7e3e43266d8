// SPDX-License-Identifier: Apache-2.0
/* What happens to an application when its peer, its network, its callbacks or the application
 * itself go wrong. Prints what the API says; the test runs it on plain libssl and again under the
 * preloaded library, and compares.
 *
 * Lines that begin with '#' are not compared: where the two versions differ, or ought to. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/abi/pair.h"

enum { kMaxDatagramLen = 4096 };

/* --- A peer that vanishes */

static unsigned int timer_calls, timer_starts;

/* No doubling: an application's timers are its own. The first is longer than what a busy machine
   lets pass between two calls, and what follows is not. */
static unsigned int ShortTimer(SSL* ssl, unsigned int value_us) {
  (void)ssl;
  ++timer_calls;
  if (value_us == 0) ++timer_starts;
  return value_us == 0 ? 500000 : 20000;
}

static int Drain(int fd) {
  unsigned char datagram[kMaxDatagramLen];
  int num_datagrams = 0;
  while (recv(fd, datagram, sizeof(datagram), 0) >= 0) ++num_datagrams;
  return num_datagrams;
}

static void WaitTimer(SSL* ssl) {
  struct timeval left;
  if (DTLSv1_get_timeout(ssl, &left) != 1) return;
  Check(left.tv_sec >= 0 && left.tv_usec >= 0 && left.tv_usec < 1000000, "no time at all");
  poll(NULL, 0, (int)(left.tv_sec * 1000 + left.tv_usec / 1000 + 1));
}

/* Lets the timer expire until the SSL has had enough. */
static void Outwait(SSL* ssl) {
  int num_expired = 0, result = 1;
  for (int round = 0; round < 1000 && result >= 0; ++round) {
    WaitTimer(ssl);
    result = DTLSv1_handle_timeout(ssl);
    if (result > 0) ++num_expired;
  }
  Say("gives up", ssl, result);
  SayValue("after expiries", num_expired);
}

static void AfterFailure(SSL* ssl) {
  char data[16];
  struct timeval left;
  /* libssl's timer runs on, and its calls say WANT_READ as often as not. */
  printf("# timer runs: %ld\n", DTLSv1_get_timeout(ssl, &left));
  printf("# expires: %ld\n", DTLSv1_handle_timeout(ssl));
  SayValue("in_init", SSL_in_init(ssl));
  SayValue("finished", SSL_is_init_finished(ssl));
  printf("state: %s\n", SSL_state_string_long(ssl));
  ERR_clear_error();
  SayValue("handshake", SSL_do_handshake(ssl));
  printf("# asks to be called again: %d\n", errno == EAGAIN);
  SayValue("read", SSL_read(ssl, data, sizeof(data)));
  SayValue("peek", SSL_peek(ssl, data, sizeof(data)));
  SayValue("write", SSL_write(ssl, "x", 1));
  printf("# asks to be called again: %d\n", errno == EAGAIN);
  ERR_clear_error();
  Say("shutdown", ssl, SSL_shutdown(ssl));
  SayValue("pending", SSL_pending(ssl));
  SayValue("clear", SSL_clear(ssl));
}

static void SilentServer(struct Pair* pair) {
  DTLS_set_timer_cb(pair->client, ShortTimer);
  timer_calls = timer_starts = 0;
  Say("hello", pair->client, SSL_do_handshake(pair->client));
  SayValue("timer asked for", timer_calls);
  SayValue("nothing expired", DTLSv1_handle_timeout(pair->client));
  Outwait(pair->client);
  SayValue("timer asked for", timer_calls);
  SayValue("anew", timer_starts);
  SayValue("hellos", Drain(pair->server_fd));
  AfterFailure(pair->client);
}

/* The other way to the same end: no DTLSv1_handle_timeout. */
static void SilentServerHandshaking(struct Pair* pair) {
  int result;
  DTLS_set_timer_cb(pair->client, ShortTimer);
  for (int round = 0; round < 1000; ++round) {
    result = SSL_do_handshake(pair->client);
    if (!Retries(pair->client, result)) break;
    WaitTimer(pair->client);
  }
  Say("gives up", pair->client, result);
  SayValue("hellos", Drain(pair->server_fd));
  AfterFailure(pair->client);
}

static void SilentServerBlocking(struct Pair* pair) {
  DTLS_set_timer_cb(pair->client, ShortTimer);
  Check(fcntl(pair->client_fd, F_SETFL, 0) == 0, "no blocking");
  Say("connect", pair->client, SSL_connect(pair->client));
  SayValue("hellos", Drain(pair->server_fd));
  AfterFailure(pair->client);
}

static void VanishedClient(struct Pair* pair) {
  DTLS_set_timer_cb(pair->server, ShortTimer);
  SSL_do_handshake(pair->client);
  WaitReadable(pair->server_fd);
  Say("server", pair->server, SSL_do_handshake(pair->server));
  SayValue("flight was sent", Drain(pair->client_fd) > 0);
  Outwait(pair->server);
  /* How often depends on the version: DTLS 1.3 bounds what an unproved address is sent. */
  SayValue("sent again", Drain(pair->client_fd) > 0);
  AfterFailure(pair->server);
}

static void VanishedClientBlocking(struct Pair* pair) {
  DTLS_set_timer_cb(pair->server, ShortTimer);
  SSL_do_handshake(pair->client);
  Check(fcntl(pair->server_fd, F_SETFL, 0) == 0, "no blocking");
  Say("accept", pair->server, SSL_accept(pair->server));
  AfterFailure(pair->server);
}

/* A server that nobody calls has no timer. */
static void NoClient(struct Pair* pair) {
  struct timeval left;
  Say("accept", pair->server, SSL_accept(pair->server));
  SayValue("timer runs", DTLSv1_get_timeout(pair->server, &left));
  SayValue("nothing expires", DTLSv1_handle_timeout(pair->server));
}

/* --- A hello that is cut or forged */

static size_t TakeHello(struct Pair* pair, unsigned char* hello) {
  SSL_do_handshake(pair->client);
  WaitReadable(pair->server_fd);
  const ssize_t len = recv(pair->server_fd, hello, kMaxDatagramLen, 0);
  Check(len > 0, "no hello");
  return (size_t)len;
}

static void Offer(struct Pair* pair, const unsigned char* datagram, size_t len) {
  Check(send(pair->client_fd, datagram, len, 0) == (ssize_t)len, "no send");
  WaitReadable(pair->server_fd);
}

/* The server answers the client's hello, whatever came before it. */
static void StillServes(struct Pair* pair, const unsigned char* hello, size_t len) {
  unsigned char answer[kMaxDatagramLen];
  Offer(pair, hello, len);
  Say("a good one", pair->server, SSL_do_handshake(pair->server));
  WaitReadable(pair->client_fd);
  SayValue("is answered", recv(pair->client_fd, answer, sizeof(answer), 0) > 0);
}

static void CutHello(struct Pair* pair) {
  unsigned char hello[kMaxDatagramLen];
  const size_t len = TakeHello(pair, hello);
  int num_waiting = 0;
  for (size_t cut = 1; cut < len; ++cut) {
    Offer(pair, hello, cut);
    const int result = SSL_do_handshake(pair->server);
    num_waiting += SSL_get_error(pair->server, result) == SSL_ERROR_WANT_READ;
  }
  SayValue("every cut is waited over", num_waiting == (int)len - 1);
  SayValue("errors", ERR_peek_error() != 0);
  StillServes(pair, hello, len);
}

static void CutHelloListening(struct Pair* pair) {
  unsigned char hello[kMaxDatagramLen];
  BIO_ADDR* peer = BIO_ADDR_new();
  const size_t len = TakeHello(pair, hello);
  int num_ignored = 0;
  for (size_t cut = 1; cut < len; ++cut) {
    Offer(pair, hello, cut);
    num_ignored += DTLSv1_listen(pair->server, peer) == 0;
    ERR_clear_error();
  }
  SayValue("every cut is ignored", num_ignored == (int)len - 1);
  BIO_ADDR_free(peer);
}

/* Whatever the server makes of a hello with a wrong bit: it never crashes, and serves the next. */
static void FlippedBits(struct Pair* pair) {
  unsigned char hello[kMaxDatagramLen];
  const size_t len = TakeHello(pair, hello);
  int num_failed = 0, num_waiting = 0;
  for (size_t i = 0; i < len; ++i) {
    SSL_clear(pair->server);
    hello[i] ^= (unsigned char)(1u << (i % 8));
    Offer(pair, hello, len);
    const int result = SSL_do_handshake(pair->server);
    const int error = SSL_get_error(pair->server, result);
    Check(result < 0, "a handshake is over");
    ++*(error == SSL_ERROR_WANT_READ ? &num_waiting : &num_failed);
    hello[i] ^= (unsigned char)(1u << (i % 8));
    ERR_clear_error();
    Drain(pair->client_fd);
  }
  printf("# failed %d waiting %d\n", num_failed, num_waiting);
  SayValue("clear", SSL_clear(pair->server));
  StillServes(pair, hello, len);
}

static void PutU16(unsigned char* at, size_t value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

static void PutU24(unsigned char* at, size_t value) {
  at[0] = (unsigned char)(value >> 16);
  PutU16(at + 1, value);
}

/* Hellos whose body ends too early while every length around it says that it is all. */
static void ShortBodies(struct Pair* pair) {
  enum { kRecordHeaderLen = 13, kMessageHeaderLen = 12, kHeadersLen = 25 };
  unsigned char hello[kMaxDatagramLen], cut[kMaxDatagramLen];
  const size_t len = TakeHello(pair, hello);
  int num_failed = 0, num_others = 0;
  for (size_t body_len = 0; body_len + kHeadersLen < len; ++body_len) {
    SSL_clear(pair->server);
    memcpy(cut, hello, kHeadersLen + body_len);
    PutU16(cut + 11, kMessageHeaderLen + body_len);
    PutU24(cut + kRecordHeaderLen + 1, body_len);
    PutU24(cut + kRecordHeaderLen + 9, body_len);
    Offer(pair, cut, kHeadersLen + body_len);
    const int result = SSL_do_handshake(pair->server);
    ++*(SSL_get_error(pair->server, result) == SSL_ERROR_SSL ? &num_failed : &num_others);
    ERR_clear_error();
    Drain(pair->client_fd);
  }
  printf("# failed %d, others %d\n", num_failed, num_others);
  SayValue("clear", SSL_clear(pair->server));
  StillServes(pair, hello, len);
}

/* Hellos whose lengths, offsets and numbers lie. */
static void Lies(struct Pair* pair) {
  static const struct {
    const char* name;
    size_t at;
    unsigned char bytes[3];
  } kLies[] = {
      {"version", 1, {0, 0, 0}},
      {"epoch", 3, {0, 1, 0}},
      {"sequence number", 5, {0xff, 0xff, 0xff}},
      {"long record", 11, {0xff, 0xff, 1}},
      {"empty record", 11, {0, 0, 1}},
      {"unknown message", 13, {0xfe, 0, 0}},
      {"huge message", 14, {0xff, 0xff, 0xff}},
      {"empty message", 14, {0, 0, 0}},
      {"offset beyond the end", 19, {0xff, 0xff, 0xff}},
      {"huge fragment", 22, {0xff, 0xff, 0xff}},
      {"empty fragment", 22, {0, 0, 0}},
  };
  unsigned char hello[kMaxDatagramLen], lie[kMaxDatagramLen];
  const size_t len = TakeHello(pair, hello);
  for (size_t i = 0; i < sizeof(kLies) / sizeof(kLies[0]); ++i) {
    memcpy(lie, hello, len);
    memcpy(lie + kLies[i].at, kLies[i].bytes, sizeof(kLies[i].bytes));
    Offer(pair, lie, len);
    const int result = SSL_do_handshake(pair->server);
    printf("# ");
    Say(kLies[i].name, pair->server, result);
    SayValue(kLies[i].name, result);
    SayValue("clear", SSL_clear(pair->server));
  }
  Drain(pair->client_fd);
  StillServes(pair, hello, len);
}

/* --- A program that ends in the middle */

static void FreeBoth(struct Pair* pair) {
  SSL_free(pair->client);
  SSL_free(pair->server);
  pair->client = pair->server = NULL;
}

/* Goes so many datagrams into the handshake. */
static void Advance(struct Pair* pair, int num_steps) {
  for (int step = 0; step < num_steps; ++step) {
    SSL* ssl = step % 2 == 0 ? pair->client : pair->server;
    SSL_do_handshake(ssl);
    WaitReadable(step % 2 == 0 ? pair->server_fd : pair->client_fd);
  }
  ERR_clear_error();
}

static void FreedAt(struct Pair* pair) {
  for (int num_steps = 0; num_steps < 6; ++num_steps) {
    struct Pair other;
    InitPair(&other);
    OverSockets(&other);
    Advance(&other, num_steps);
    if (num_steps % 2 == 0) {
      /* The SSLs keep their SSL_CTX. */
      SSL_CTX_free(other.client_ctx);
      SSL_CTX_free(other.server_ctx);
      other.client_ctx = other.server_ctx = NULL;
      Advance(&other, 2);
    }
    FreeBoth(&other);
    FreePair(&other);
  }
  MustHandshake(pair);
}

static void ClearedAt(struct Pair* pair) {
  for (int num_steps = 0; num_steps < 6; ++num_steps) {
    Advance(pair, num_steps);
    SayValue("clear", SSL_clear(pair->client));
    SayValue("clear", SSL_clear(pair->server));
    SayValue("in_before", SSL_in_before(pair->client));
    Drain(pair->client_fd);
    Drain(pair->server_fd);
  }
  MustHandshake(pair);
}

static void BegunAnewAt(struct Pair* pair) {
  for (int num_steps = 0; num_steps < 6; ++num_steps) {
    Advance(pair, num_steps);
    SSL_set_connect_state(pair->client);
    SSL_set_accept_state(pair->server);
    SayValue("in_before", SSL_in_before(pair->client));
    Drain(pair->client_fd);
    Drain(pair->server_fd);
  }
  MustHandshake(pair);
}

/* Sides are exchanged on the same objects. */
static void SidesExchanged(struct Pair* pair) {
  SSL_CTX* ctx = SSL_CTX_new(DTLS_method());
  SSL_CTX_use_certificate(ctx, certificate);
  SSL_CTX_use_PrivateKey(ctx, key);
  FreeBoth(pair);
  pair->client = SSL_new(ctx);
  pair->server = SSL_new(ctx);
  BIO* to_client = BIO_new(BIO_s_mem());
  BIO* to_server = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(to_client, -1);
  BIO_set_mem_eof_return(to_server, -1);
  BIO_up_ref(to_client);
  BIO_up_ref(to_server);
  SSL_set_bio(pair->client, to_client, to_server);
  SSL_set_bio(pair->server, to_server, to_client);
  SSL_set_connect_state(pair->client);
  SSL_set_accept_state(pair->server);
  MustHandshake(pair);
  BIO_reset(to_client);
  BIO_reset(to_server);
  SayValue("clear", SSL_clear(pair->client));
  SayValue("clear", SSL_clear(pair->server));
  SSL_set_accept_state(pair->client);
  SSL_set_connect_state(pair->server);
  SayValue("is server", SSL_is_server(pair->client));
  MustHandshake(pair);
  SSL_CTX_free(ctx);
}

static void SocketClosedAt(struct Pair* pair) {
  (void)pair;
  for (int num_steps = 0; num_steps < 3; ++num_steps) {
    struct Pair other;
    InitPair(&other);
    OverSockets(&other);
    Advance(&other, num_steps);
    close(other.client_fd);
    close(other.server_fd);
    other.client_fd = other.server_fd = -1;
    Say("client", other.client, SSL_do_handshake(other.client));
    Say("server", other.server, SSL_do_handshake(other.server));
    Say("server's shutdown", other.server, SSL_shutdown(other.server));
    FreePair(&other);
  }
}

static void SocketClosedAfter(struct Pair* pair) {
  char data[8];
  MustHandshake(pair);
  close(pair->client_fd);
  pair->client_fd = -1;
  Say("read", pair->client, SSL_read(pair->client, data, sizeof(data)));
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
}

static void BiosExchangedAt(struct Pair* pair) {
  struct sockaddr_in server;
  socklen_t len = sizeof(server);
  Advance(pair, 2);
  Check(getpeername(pair->client_fd, (struct sockaddr*)&server, &len) == 0, "no peer");
  UseSocket(pair->client, pair->client_fd, &server);
  MustHandshake(pair);
  UseSocket(pair->client, pair->client_fd, &server);
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
}

/* libssl's handshake is over with that. */
static void NoReadBio(struct Pair* pair) {
  Advance(pair, 2);
  SSL_set0_rbio(pair->client, NULL);
  Say("no read BIO", pair->client, SSL_do_handshake(pair->client));
}

static void ShutdownAt(struct Pair* pair) {
  Say("before", pair->client, SSL_shutdown(pair->client));
  Say("before", pair->server, SSL_shutdown(pair->server));
  for (int num_steps = 1; num_steps < 3; ++num_steps) {
    Advance(pair, 1);
    Say("client", pair->client, SSL_shutdown(pair->client));
    Say("server", pair->server, SSL_shutdown(pair->server));
  }
  MustHandshake(pair);
  Say("after", pair->client, SSL_shutdown(pair->client));
}

static void UsedBeforeHandshake(struct Pair* pair) {
  char data[16];
  Say("client reads", pair->client, SSL_read(pair->client, data, sizeof(data)));
  Say("client peeks", pair->client, SSL_peek(pair->client, data, sizeof(data)));
  WaitReadable(pair->server_fd);
  Say("server writes", pair->server, SSL_write(pair->server, "early", 5));
  /* With DTLS 1.3 that is the end of the client's handshake. */
  printf("# client writes: %d\n", SSL_write(pair->client, "x", 1));
  ERR_clear_error();
  MustHandshake(pair);
  Say("server writes", pair->server, SSL_write(pair->server, "later", 5));
  Say("client reads", pair->client, ReadSoon(pair->client, data, sizeof(data)));
}

/* --- Callbacks that fail, and that call back */

static int cookie_generated, cookie_verified;

static int MakeCookie(SSL* ssl, unsigned char* cookie, unsigned int* len) {
  (void)ssl;
  memcpy(cookie, "cookie", 6);
  *len = 6;
  return cookie_generated;
}

static int VerifyCookie(SSL* ssl, const unsigned char* cookie, unsigned int len) {
  (void)ssl, (void)cookie, (void)len;
  return cookie_verified;
}

static void UseCookies(struct Pair* pair, int generated, int verified) {
  cookie_generated = generated;
  cookie_verified = verified;
  SSL_CTX_set_cookie_generate_cb(pair->server_ctx, MakeCookie);
  SSL_CTX_set_cookie_verify_cb(pair->server_ctx, VerifyCookie);
  SSL_set_options(pair->server, SSL_OP_COOKIE_EXCHANGE);
}

static void Cookies(struct Pair* pair) {
  UseCookies(pair, 1, 1);
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
}

static void CookieNotMade(struct Pair* pair) {
  UseCookies(pair, 0, 1);
  Advance(pair, 1);
  Say("server", pair->server, SSL_do_handshake(pair->server));
  Say("client", pair->client, SSL_do_handshake(pair->client));
}

static void CookieNotMadeListening(struct Pair* pair) {
  BIO_ADDR* peer = BIO_ADDR_new();
  UseCookies(pair, 0, 1);
  Advance(pair, 1);
  Say("listen", pair->server, DTLSv1_listen(pair->server, peer));
  BIO_ADDR_free(peer);
}

static void NoCookieCallbacks(struct Pair* pair) {
  BIO_ADDR* peer = BIO_ADDR_new();
  Advance(pair, 1);
  Say("listen", pair->server, DTLSv1_listen(pair->server, peer));
  BIO_ADDR_free(peer);
}

static void CookieRefused(struct Pair* pair) {
  UseCookies(pair, 1, 0);
  int client_result, server_result;
  Handshake(pair, &client_result, &server_result);
  printf("# ");
  Say("server", pair->server, server_result);
  SayValue("server is up", SSL_is_init_finished(pair->server));
  SayValue("client is up", SSL_is_init_finished(pair->client));
}

static int PeerPort(SSL* ssl) {
  BIO_ADDR* peer = BIO_ADDR_new();
  BIO_dgram_get_peer(SSL_get_rbio(ssl), peer);
  const int port = BIO_ADDR_rawport(peer);
  BIO_ADDR_free(peer);
  return port;
}

static int MakePortCookie(SSL* ssl, unsigned char* cookie, unsigned int* len) {
  PutU24(cookie, (size_t)PeerPort(ssl));
  *len = 3;
  return 1;
}

static int VerifyPortCookie(SSL* ssl, const unsigned char* cookie, unsigned int len) {
  unsigned char expected[3];
  PutU24(expected, (size_t)PeerPort(ssl));
  return len == 3 && memcmp(cookie, expected, 3) == 0;
}

/* A hello with the client's cookie, from elsewhere and then from the client. */
static void ReplayedCookie(struct Pair* pair) {
  unsigned char hello[kMaxDatagramLen];
  struct sockaddr_in address, client;
  socklen_t address_len = sizeof(address);
  BIO_ADDR* peer = BIO_ADDR_new();
  SSL_CTX_set_cookie_generate_cb(pair->server_ctx, MakePortCookie);
  SSL_CTX_set_cookie_verify_cb(pair->server_ctx, VerifyPortCookie);
  /* A server's socket hears everybody. */
  Check(getsockname(pair->server_fd, (struct sockaddr*)&address, &address_len) == 0, "no name");
  close(pair->server_fd);
  pair->server_fd = socket(AF_INET, SOCK_DGRAM, 0);
  Check(bind(pair->server_fd, (struct sockaddr*)&address, sizeof(address)) == 0 &&
            fcntl(pair->server_fd, F_SETFL, O_NONBLOCK) == 0,
        "no server's socket");
  BIO* bio = BIO_new_dgram(pair->server_fd, BIO_NOCLOSE);
  SSL_set_bio(pair->server, bio, bio);
  const int elsewhere = BoundSocket(&client);
  Check(connect(elsewhere, (struct sockaddr*)&address, sizeof(address)) == 0, "no connection");

  SSL_do_handshake(pair->client);
  WaitReadable(pair->server_fd);
  SayValue("first hello", DTLSv1_listen(pair->server, peer));
  WaitReadable(pair->client_fd);
  SSL_do_handshake(pair->client);
  WaitReadable(pair->server_fd);
  const ssize_t len = recv(pair->server_fd, hello, sizeof(hello), 0);
  Check(len > 0 && send(elsewhere, hello, (size_t)len, 0) == len, "no second hello");
  WaitReadable(pair->server_fd);
  SayValue("from elsewhere", DTLSv1_listen(pair->server, peer));
  ERR_clear_error();
  Offer(pair, hello, (size_t)len);
  Say("from the client", pair->server, DTLSv1_listen(pair->server, peer));
  SayValue("is the client",
           BIO_ADDR_rawport(peer) != client.sin_port && BIO_ADDR_family(peer) == AF_INET);
  MustHandshake(pair);
  BIO_ADDR_free(peer);
  close(elsewhere);
}

/* Asks what an application may ask in an info callback. */
static int info_calls;

static void CallBack(const SSL* const_ssl, int where, int value) {
  SSL* ssl = (SSL*)const_ssl;
  struct timeval left;
  (void)where, (void)value;
  ++info_calls;
  SSL_version(ssl);
  SSL_get_state(ssl);
  SSL_state_string_long(ssl);
  SSL_pending(ssl);
  SSL_want(ssl);
  SSL_get_current_cipher(ssl);
  SSL_get0_peer_certificate(ssl);
  SSL_get_session(ssl);
  SSL_get_shutdown(ssl);
  SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  DTLSv1_get_timeout(ssl, &left);
  DTLS_get_data_mtu(ssl);
}

static void InfoCallsBack(struct Pair* pair) {
  char data[16];
  info_calls = 0;
  SSL_set_info_callback(pair->client, CallBack);
  SSL_set_info_callback(pair->server, CallBack);
  MustHandshake(pair);
  Say("write", pair->client, SSL_write(pair->client, "hello", 5));
  Say("read", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  SSL_shutdown(pair->client);
  Say("end", pair->server, ReadSoon(pair->server, data, sizeof(data)));
  SayValue("called", info_calls > 4);
}

/* --- BIOs that fail */

enum Trouble { kNone, kError, kAgain, kZero, kRefused };
static enum Trouble write_trouble, read_trouble;

static int TroubleResult(BIO* bio, enum Trouble trouble) {
  BIO_clear_retry_flags(bio);
  switch (trouble) {
    case kAgain:
      BIO_set_retry_write(bio);
      errno = EAGAIN;
      return -1;
    case kZero:
      return 0;
    case kRefused:
      errno = ECONNREFUSED;
      return -1;
    default:
      errno = EIO;
      return -1;
  }
}

static int TroubledWrite(BIO* bio, const char* data, int len) {
  if (write_trouble != kNone) return TroubleResult(bio, write_trouble);
  const int result = BIO_write(BIO_next(bio), data, len);
  BIO_clear_retry_flags(bio);
  BIO_copy_next_retry(bio);
  return result;
}

static int TroubledRead(BIO* bio, char* data, int len) {
  if (read_trouble != kNone) return TroubleResult(bio, read_trouble);
  const int result = BIO_read(BIO_next(bio), data, len);
  BIO_clear_retry_flags(bio);
  BIO_copy_next_retry(bio);
  return result;
}

static long TroubledControl(BIO* bio, int command, long number, void* pointer) {
  return BIO_ctrl(BIO_next(bio), command, number, pointer);
}

static int TroubledCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

static BIO_METHOD* troubled;

/* Puts a BIO that can be told to fail before the client's. */
static void UseTroubled(struct Pair* pair) {
  if (troubled == NULL) {
    troubled = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "troubled");
    BIO_meth_set_write(troubled, TroubledWrite);
    BIO_meth_set_read(troubled, TroubledRead);
    BIO_meth_set_ctrl(troubled, TroubledControl);
    BIO_meth_set_create(troubled, TroubledCreate);
  }
  write_trouble = read_trouble = kNone;
  BIO* bio = SSL_get_rbio(pair->client);
  BIO_up_ref(bio);
  bio = BIO_push(BIO_new(troubled), bio);
  SSL_set_bio(pair->client, bio, bio);
}

static void WriteFails(struct Pair* pair, enum Trouble trouble, const char* name) {
  printf("-- writes: %s\n", name);
  UseTroubled(pair);
  write_trouble = trouble;
  Say("hello", pair->client, SSL_do_handshake(pair->client));
  Say("hello", pair->client, SSL_do_handshake(pair->client));
  write_trouble = kNone;
}

static void WriteFailsAfter(struct Pair* pair, enum Trouble trouble, const char* name) {
  printf("-- writes after: %s\n", name);
  write_trouble = trouble;
  Say("write", pair->client, SSL_write(pair->client, "data", 4));
  write_trouble = kNone;
  Say("write again", pair->client, SSL_write(pair->client, "data", 4));
  char data[16];
  Say("arrives", pair->server, ReadSoon(pair->server, data, sizeof(data)));
}

static void FailingWrites(struct Pair* pair) {
  (void)pair;
  static const struct {
    enum Trouble trouble;
    const char* name;
  } kTroubles[] = {{kError, "error"}, {kAgain, "again"}, {kRefused, "refused"}};
  for (size_t i = 0; i < sizeof(kTroubles) / sizeof(kTroubles[0]); ++i) {
    struct Pair other;
    InitPair(&other);
    OverSockets(&other);
    DTLS_set_timer_cb(other.client, ShortTimer);
    WriteFails(&other, kTroubles[i].trouble, kTroubles[i].name);
    poll(NULL, 0, 25);
    MustHandshake(&other);
    WriteFailsAfter(&other, kTroubles[i].trouble, kTroubles[i].name);
    write_trouble = kTroubles[i].trouble;
    Say("shutdown", other.client, SSL_shutdown(other.client));
    Say("shutdown again", other.client, SSL_shutdown(other.client));
    FreePair(&other);
  }
}

static void FailingReads(struct Pair* pair) {
  char data[8];
  UseTroubled(pair);
  Advance(pair, 2);
  read_trouble = kError;
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  read_trouble = kZero;
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  read_trouble = kRefused;
  Say("handshake", pair->client, SSL_do_handshake(pair->client));
  read_trouble = kNone;
  MustHandshake(pair);
  read_trouble = kError;
  Say("read", pair->client, SSL_read(pair->client, data, sizeof(data)));
  read_trouble = kZero;
  SayValue("read", SSL_read(pair->client, data, sizeof(data)) <= 0);
  SSL_shutdown(pair->client);
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
  read_trouble = kRefused;
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
}

/* F41: the peer's socket is gone when this side closes. */
static void PeerGoneAtClose(struct Pair* pair) {
  char data[8];
  MustHandshake(pair);
  close(pair->server_fd);
  pair->server_fd = -1;
  Say("write", pair->client, SSL_write(pair->client, "x", 1));
  WaitReadable(pair->client_fd);
  Say("shutdown", pair->client, SSL_shutdown(pair->client));
  WaitReadable(pair->client_fd);
  Say("shutdown again", pair->client, SSL_shutdown(pair->client));
  Say("read", pair->client, SSL_read(pair->client, data, sizeof(data)));
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  MakeCertificate();
  Run("silent server", OverSockets, SilentServer);
  Run("silent server, handshaking", OverSockets, SilentServerHandshaking);
  Run("silent server, blocking", OverSockets, SilentServerBlocking);
  Run("vanished client", OverSockets, VanishedClient);
  Run("vanished client, blocking", OverSockets, VanishedClientBlocking);
  Run("no client", OverSockets, NoClient);
  Run("cut hello", OverSockets, CutHello);
  Run("cut hello, listening", OverSockets, CutHelloListening);
  Run("flipped bits", OverSockets, FlippedBits);
  Run("short bodies", OverSockets, ShortBodies);
  Run("lies", OverSockets, Lies);
  Run("freed at each step", OverSockets, FreedAt);
  Run("cleared at each step", OverSockets, ClearedAt);
  Run("begun anew at each step", OverSockets, BegunAnewAt);
  Run("sides exchanged", OverSockets, SidesExchanged);
  Run("socket closed in the handshake", OverSockets, SocketClosedAt);
  Run("socket closed after it", OverSockets, SocketClosedAfter);
  Run("BIOs exchanged in the handshake", OverSockets, BiosExchangedAt);
  Run("no read BIO in the handshake", OverSockets, NoReadBio);
  Run("shutdown in the handshake", OverSockets, ShutdownAt);
  Run("used before the handshake", OverSockets, UsedBeforeHandshake);
  Run("cookies", OverSockets, Cookies);
  Run("cookie not made", OverSockets, CookieNotMade);
  Run("cookie not made, listening", OverSockets, CookieNotMadeListening);
  Run("no cookie callbacks", OverSockets, NoCookieCallbacks);
  Run("cookie refused", OverSockets, CookieRefused);
  Run("replayed cookie", OverSockets, ReplayedCookie);
  Run("info callback calls back", OverSockets, InfoCallsBack);
  Run("failing writes", OverSockets, FailingWrites);
  Run("failing reads", OverSockets, FailingReads);
  Run("peer gone at close", OverSockets, PeerGoneAtClose);
  FreeCertificate();
  BIO_meth_free(troubled);
  return 0;
}
