// SPDX-License-Identifier: Apache-2.0
// interposed_host PLUGIN...: loads OpenSSL's configuration, as a program that has libcrypto alone,
// then each plugin, and has it connect twice: by the functions it found when it was loaded, and by
// those that it finds then. "--global" in a plugin's place: from there on libssl's functions are
// everybody's.
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const char* (*Function)(void);

int main(int argc, char** argv) {
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--global") == 0) {
      if (dlopen("libssl.so.3", RTLD_LAZY | RTLD_GLOBAL) == NULL) return 1;
      continue;
    }
    void* plugin = dlopen(argv[i], RTLD_LAZY | RTLD_LOCAL);
    if (plugin == NULL) {
      printf("%s\n", dlerror());
      return 1;
    }
    Function connect = (Function)dlsym(plugin, "ConnectAndTell");
    if (connect == NULL) return 1;
    printf("plugin %d: %s", i, connect());
    printf(", %s\n", connect());
  }
  return 0;
}
