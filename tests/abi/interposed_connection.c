// SPDX-License-Identifier: Apache-2.0
#include "tests/abi/interposed_connection.h"

#include <string.h>

#include "tests/abi/pair.h"

const char* ConnectAndTell(void) {
  static char version[16];
  struct Pair pair;
  char buffer[8];
  MakeCertificate();
  InitPair(&pair);
  OverMemory(&pair);
  MustHandshake(&pair);
  Check(strcmp(SSL_get_version(pair.client), SSL_get_version(pair.server)) == 0,
        "the sides speak differently");
  strncpy(version, SSL_get_version(pair.client), sizeof(version) - 1);
  Check(
      SSL_write(pair.client, "data", 4) == 4 && SSL_read(pair.server, buffer, sizeof(buffer)) == 4,
      "nothing goes through");
  FreePair(&pair);
  FreeCertificate();
  return version;
}
