// SPDX-License-Identifier: Apache-2.0
/* What a DTLS server on loopback is sent: clients PORT COMMAND COUNT. It knows nothing of the
 * preloaded library.
 *
 *   connect COUNT  opens and closes so many connections, one after the other. Prints how many of
 *                  them spoke DTLS 1.3.
 *   refuse COUNT   so many handshakes that end with an alert, because the client does not trust the
 *                  server.
 *   storm SEED     what is no hello, or a wrong one, or one of a client that is gone.
 *   amid SEED      a connection with a storm in its middle. Prints whether it was closed in order.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kMaxLen = 16384 };

static struct sockaddr_in server;

static void Check(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "clients: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static int ConnectedSocket(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  Check(fd >= 0 && connect(fd, (struct sockaddr*)&server, sizeof(server)) == 0, "no socket");
  return fd;
}

static BIO* SocketBio(int fd) {
  BIO* bio = BIO_new_dgram(fd, BIO_CLOSE);
  BIO_ADDR* address = BIO_ADDR_new();
  Check(bio != NULL && address != NULL, "no BIO");
  BIO_ADDR_rawmake(address, AF_INET, &server.sin_addr, sizeof(server.sin_addr), server.sin_port);
  BIO_ctrl_set_connected(bio, address);
  BIO_ADDR_free(address);
  return bio;
}

static SSL* NewSsl(SSL_CTX* ctx) {
  SSL* ssl = SSL_new(ctx);
  Check(ssl != NULL, "no SSL");
  BIO* bio = SocketBio(ConnectedSocket());
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

/* Returns the version. The server's close_notify is waited for, so that it is free for the next. */
static int ConnectOnce(SSL_CTX* ctx) {
  SSL* ssl = NewSsl(ctx);
  Check(SSL_connect(ssl) == 1, "no connection");
  Check(SSL_write(ssl, "hello\n", 6) == 6, "no write");
  if (SSL_shutdown(ssl) == 0) SSL_shutdown(ssl);
  ERR_clear_error();
  const int version = SSL_version(ssl);
  SSL_free(ssl);
  return version;
}

static void Send(int fd, const unsigned char* datagram, size_t len) {
  /* The server may be slow to read, and what it has no room for is nobody's loss. */
  Check(send(fd, datagram, len, 0) == (ssize_t)len || errno == ECONNREFUSED || errno == ENOBUFS,
        "no send");
}

static size_t MakeHello(SSL_CTX* ctx, unsigned char* hello, int max_len) {
  SSL* ssl = SSL_new(ctx);
  BIO* out = BIO_new(BIO_s_mem());
  Check(ssl != NULL && out != NULL, "no SSL");
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
  SSL_connect(ssl);
  const int len = BIO_read(out, hello, max_len);
  Check(len > 0, "no hello");
  SSL_free(ssl);
  ERR_clear_error();
  return (size_t)len;
}

static void SendCutsAndFlips(SSL_CTX* ctx) {
  unsigned char hello[kMaxLen];
  const size_t len = MakeHello(ctx, hello, sizeof(hello));
  int fd = ConnectedSocket();
  for (size_t i = 0; i < len; ++i) {
    if (i % 32 == 31) {
      close(fd);
      fd = ConnectedSocket();
      usleep(2000); /* for the server to keep up */
    }
    Send(fd, hello, i);
    hello[i] ^= (unsigned char)(1u << (i % 8));
    Send(fd, hello, len);
    hello[i] ^= (unsigned char)(1u << (i % 8));
  }
  close(fd);
}

static void SendGarbage(unsigned int seed) {
  static unsigned char garbage[kMaxLen];
  const int fd = ConnectedSocket();
  srand(seed);
  for (int i = 0; i < 500; ++i) {
    for (size_t at = 0; at < sizeof(garbage); ++at) garbage[at] = (unsigned char)rand();
    if (i % 2 == 0) memcpy(garbage, "\x16\xfe\xfd\0\0\0\0\0\0\0\0", 11);
    Send(fd, garbage, (size_t)rand() % (i % 10 == 0 ? sizeof(garbage) : 200));
    if (i % 32 == 31) usleep(2000);
  }
  close(fd);
}

/* Clients that say hello, and are gone before the server's cookie reaches them. */
static void Vanish(SSL_CTX* ctx) {
  unsigned char hello[kMaxLen];
  for (int i = 0; i < 50; ++i) {
    const size_t len = MakeHello(ctx, hello, sizeof(hello));
    const int fd = ConnectedSocket();
    Send(fd, hello, len);
    close(fd);
    usleep(1000);
  }
}

static void Storm(SSL_CTX* ctx, unsigned int seed) {
  SendCutsAndFlips(ctx);
  SendGarbage(seed);
  Vanish(ctx);
}

static void Amid(SSL_CTX* ctx, unsigned int seed) {
  SSL* ssl = NewSsl(ctx);
  Check(SSL_connect(ssl) == 1, "no connection");
  Storm(ctx, seed);
  Check(SSL_write(ssl, "hello\n", 6) == 6, "no write");
  int closed = SSL_shutdown(ssl);
  if (closed == 0) closed = SSL_shutdown(ssl);
  printf("closed in order: %d\n", closed == 1);
  SSL_free(ssl);
}

static void Refuse(SSL_CTX* ctx, int count) {
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
  for (int i = 0; i < count; ++i) {
    SSL* ssl = NewSsl(ctx);
    Check(SSL_connect(ssl) != 1 && SSL_get_verify_result(ssl) != X509_V_OK, "it was trusted");
    SSL_free(ssl);
    ERR_clear_error();
  }
  printf("refused: %d\n", count);
}

static void Connect(SSL_CTX* ctx, int count) {
  int num_dtls13 = 0;
  for (int i = 0; i < count; ++i) num_dtls13 += ConnectOnce(ctx) == 0xfefc;
  printf("connected: %d, DTLS 1.3: %d\n", count, num_dtls13);
}

int main(int argc, char** argv) {
  Check(argc == 4, "usage: clients PORT COMMAND COUNT");
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)atoi(argv[1]));
  SSL_CTX* ctx = SSL_CTX_new(DTLS_client_method());
  Check(ctx != NULL, "no SSL_CTX");
  const int number = atoi(argv[3]);
  if (strcmp(argv[2], "connect") == 0) {
    Connect(ctx, number);
  } else if (strcmp(argv[2], "refuse") == 0) {
    Refuse(ctx, number);
  } else if (strcmp(argv[2], "storm") == 0) {
    Storm(ctx, (unsigned int)number);
  } else if (strcmp(argv[2], "amid") == 0) {
    Amid(ctx, (unsigned int)number);
  } else {
    Check(0, "unknown command");
  }
  SSL_CTX_free(ctx);
  return 0;
}
