// SPDX-License-Identifier: Apache-2.0
#include "tests/abi/interposed_connection.h"

#include <string.h>

#include "tests/abi/pair.h"

static int num_messages;

static void CountMessage(int outgoing, int version, int type, const void* bytes, size_t len,
                         SSL* ssl, void* argument) {
  (void)outgoing, (void)version, (void)type, (void)bytes, (void)len, (void)ssl, (void)argument;
  ++num_messages;
}

/* What libssl's functions come to that call others of its. */
static void CheckWhatGoesInside(struct Pair* pair) {
  char buffer[8];
  BIO* bio = BIO_new(BIO_f_ssl());
  Check(bio != NULL && BIO_set_ssl(bio, pair->client, BIO_NOCLOSE) == 1, "no BIO over an SSL");
  Check(BIO_write(bio, "more", 4) == 4 && SSL_read(pair->server, buffer, sizeof(buffer)) == 4,
        "nothing goes through a BIO over an SSL");
  BIO_free_all(bio); /* which has its own reference to the BIO of the SSL */
  Check(num_messages > 0, "the message callback is told nothing");
}

const char* ConnectAndTell(void) {
  static char version[16];
  struct Pair pair;
  char buffer[8];
  MakeCertificate();
  InitPair(&pair);
  OverMemory(&pair);
  num_messages = 0;
  SSL_set_msg_callback(pair.client, CountMessage);
  MustHandshake(&pair);
  Check(strcmp(SSL_get_version(pair.client), SSL_get_version(pair.server)) == 0,
        "the sides speak differently");
  strncpy(version, SSL_get_version(pair.client), sizeof(version) - 1);
  Check(
      SSL_write(pair.client, "data", 4) == 4 && SSL_read(pair.server, buffer, sizeof(buffer)) == 4,
      "nothing goes through");
  CheckWhatGoesInside(&pair);
  FreePair(&pair);
  FreeCertificate();
  return version;
}
