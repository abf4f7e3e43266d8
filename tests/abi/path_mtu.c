// SPDX-License-Identifier: Apache-2.0
/* The path of a client whose second link carries less than its first: what SSL_write says of ICMP's
 * reports. Runs in the client's network namespace, with the server's as its argument;
 * path_mtu_test.py makes both. Lines that begin with '#' are not what libssl alone prints. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/abi/pair.h"

enum { kErrorWaitMs = 10000 };

static const char* server_namespace;
static char data[1400];

static int SocketAt(const char* host, struct sockaddr_in* address) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t len = sizeof(*address);
  memset(address, 0, sizeof(*address));
  address->sin_family = AF_INET;
  inet_pton(AF_INET, host, &address->sin_addr);
  Check(fd >= 0 && bind(fd, (struct sockaddr*)address, len) == 0 &&
            getsockname(fd, (struct sockaddr*)address, &len) == 0 &&
            fcntl(fd, F_SETFL, O_NONBLOCK) == 0,
        "no socket");
  return fd;
}

/* A socket stays in the namespace that it was made in. */
static int ServerSocket(struct sockaddr_in* address) {
  const int own = open("/proc/self/ns/net", O_RDONLY);
  const int other = open(server_namespace, O_RDONLY);
  Check(own >= 0 && other >= 0 && setns(other, CLONE_NEWNET) == 0, "no namespace");
  const int fd = SocketAt("10.0.2.2", address);
  Check(setns(own, CLONE_NEWNET) == 0, "no way back");
  close(own);
  close(other);
  return fd;
}

static void OverPath(struct Pair* pair) {
  struct sockaddr_in client_address, server_address;
  pair->client = SSL_new(pair->client_ctx);
  pair->server = SSL_new(pair->server_ctx);
  Check(pair->client != NULL && pair->server != NULL, "no SSL");
  SSL_set_connect_state(pair->client);
  SSL_set_accept_state(pair->server);
  pair->client_fd = SocketAt("10.0.1.2", &client_address);
  pair->server_fd = ServerSocket(&server_address);
  UseSocket(pair->client, pair->client_fd, &server_address);
  UseSocket(pair->server, pair->server_fd, &client_address);
  BIO_ctrl(SSL_get_wbio(pair->client), BIO_CTRL_DGRAM_MTU_DISCOVER, 0, NULL);
}

static void Write(struct Pair* pair, int len) {
  errno = 0;
  const int result = SSL_write(pair->client, data, len);
  const int error = result > 0 ? 0 : errno;
  char what[32];
  snprintf(what, sizeof(what), "write %d", len);
  Say(what, pair->client, result);
  SayValue("EMSGSIZE", error == EMSGSIZE);
}

/* Passes the first link, and is reported by the router when this returns. */
static void WriteTooMuch(struct Pair* pair) {
  struct pollfd entry = {.fd = pair->client_fd};
  Write(pair, sizeof(data));
  Check(poll(&entry, 1, kErrorWaitMs) == 1 && (entry.revents & POLLERR) != 0, "no report");
}

static void ReportedWithData(struct Pair* pair) {
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  Write(pair, 500);
  WriteTooMuch(pair);
  Write(pair, 100);
  printf("# data MTU %zu\n", DTLS_get_data_mtu(pair->client));
  Write(pair, 100);
  Write(pair, 600);
}

/* DTLS 1.2 has no small message to send in a connection, DTLS 1.3 has. */
static void ReportedWithAMessage(struct Pair* pair) {
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  WriteTooMuch(pair);
  if (SSL_version(pair->client) == DTLS1_2_VERSION) {
    char byte;
    SSL_read(pair->client, &byte, 1);
  } else {
    SSL_key_update(pair->client, SSL_KEY_UPDATE_NOT_REQUESTED);
    printf("# KeyUpdate %d\n", SSL_do_handshake(pair->client));
    printf("# data MTU %zu\n", DTLS_get_data_mtu(pair->client));
  }
  Write(pair, 100);
  Write(pair, 600);
  Say("arrives", pair->server, ReadSoon(pair->server, data, sizeof(data)));
}

static void ReportedWithARead(struct Pair* pair) {
  char byte;
  MustHandshake(pair);
  printf("# version %s\n", SSL_get_version(pair->client));
  WriteTooMuch(pair);
  Say("read", pair->client, SSL_read(pair->client, &byte, 1));
  printf("# data MTU %zu\n", DTLS_get_data_mtu(pair->client));
  Write(pair, 600);
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  Check(argc == 3, "path_mtu SERVERS_NAMESPACE data|read|message");
  server_namespace = argv[1];
  MakeCertificate();
  /* What the system has learnt of the path stays, so that each wants a new one. */
  if (strcmp(argv[2], "data") == 0) {
    Run("reported with data", OverPath, ReportedWithData);
  } else if (strcmp(argv[2], "read") == 0) {
    Run("reported with a read", OverPath, ReportedWithARead);
  } else {
    Run("reported with a message", OverPath, ReportedWithAMessage);
  }
  FreeCertificate();
  return 0;
}
