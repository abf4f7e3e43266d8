// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_ABI_PAIR_H_
#define DTLS13_TESTS_ABI_PAIR_H_

/* Two DTLS connections in one process, and how to print what an application can observe of them.
 * The programs that use it know nothing of the preloaded library; nor does this. */

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stddef.h>

struct Pair {
  SSL_CTX *client_ctx, *server_ctx;
  SSL *client, *server;
  int client_fd, server_fd; /* -1 over memory BIOs */
};

enum { kMaxRounds = 200 };

/* Set before InitPair, makes its connections TLS over memory BIOs: the measure of what only TLS 1.3
 * has. */
extern int speaks_tls;

/* Set before MakeCertificate and InitPair, are what keys, certificates and SSL_CTXs are made with;
 * NULL for the default ones. */
extern OSSL_LIB_CTX* library_context;
extern const char* property_query;

/* Self-signed for localhost; made by MakeCertificate or, with a key of the caller's, which it takes
 * over, by MakeCertificateOf; freed by FreeCertificate. */
extern EVP_PKEY* key;
extern X509* certificate;
void MakeCertificate(void);
void MakeCertificateOf(EVP_PKEY* made);
void FreeCertificate(void);

/* Ends the program with a message when `condition` is false. */
void Check(int condition, const char* what);

/* Say prints one line, what a call came to: its value, SSL_get_error, the shutdown flags and the
 * first reason on the error queue, which it clears. */
void Say(const char* what, SSL* ssl, int result);
void SayValue(const char* what, long value);

/* InitPair makes the SSL_CTXs; then one of the others the SSLs, over connected non-blocking sockets
 * or over memory BIOs. */
void InitPair(struct Pair* pair);
void OverSockets(struct Pair* pair);
void OverMemory(struct Pair* pair);
void FreePair(struct Pair* pair);

/* Sets an application's cookie callbacks, of one secret for all. */
void AskForCookies(SSL_CTX* ctx);

/* A non-blocking socket on loopback; `*address` is its own. */
int BoundSocket(struct sockaddr_in* address);
/* Gives `ssl` a datagram BIO over `fd`, which is connected to `peer`. */
void UseSocket(SSL* ssl, int fd, const struct sockaddr_in* peer);

/* Waits a moment for what loopback still carries; at once for -1. */
void WaitReadable(int fd);
/* 1 when SSL_get_error says to come again. */
int Retries(SSL* ssl, int result);
/* Returns when neither side's handshake wants to go on; 1 when both are over. */
int Handshake(struct Pair* pair, int* client_result, int* server_result);
/* Ends the program unless the handshake succeeds; reads what is left of its own traffic. */
void MustHandshake(struct Pair* pair);
int ReadSoon(SSL* ssl, void* out, int len);

/* Run prints the scenario's name, runs it with a new pair, frees that, and says whether errors were
 * left. */
void Run(const char* name, void (*connect_pair)(struct Pair*), void (*scenario)(struct Pair*));

#endif /* DTLS13_TESTS_ABI_PAIR_H_ */
