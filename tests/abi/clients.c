/* What is sent to a DTLS server on loopback: clients PORT connect COUNT. It knows nothing of the
 * preloaded library.
 *
 *   connect COUNT  opens and closes so many connections, one after the other. Prints how many of
 *                  them spoke DTLS 1.3. */

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static void Connect(SSL_CTX* ctx, int count) {
  int num_dtls13 = 0;
  for (int i = 0; i < count; ++i) num_dtls13 += ConnectOnce(ctx) == 0xfefc;
  printf("connected: %d, DTLS 1.3: %d\n", count, num_dtls13);
}

int main(int argc, char** argv) {
  Check(argc == 4, "usage: clients PORT connect COUNT");
  server.sin_family = AF_INET;
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)atoi(argv[1]));
  SSL_CTX* ctx = SSL_CTX_new(DTLS_client_method());
  Check(ctx != NULL, "no SSL_CTX");
  Connect(ctx, atoi(argv[3]));
  SSL_CTX_free(ctx);
  return 0;
}
