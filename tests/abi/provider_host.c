/* SPDX-License-Identifier: Apache-2.0 */
/* A program of libcrypto's that loads the provider `dtls13` from OPENSSL_MODULES: provider_host
 * WHAT [CONFIG]. CONFIG is an openssl.cnf with the other providers, where those are not libcrypto's
 * default one. Its output is what provider_test.py and fips_test.py look at; it ends with 1 and a
 * sentence where something does not hold. */

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/self_test.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUIRE(condition)                                        \
  do {                                                            \
    if (!(condition)) {                                           \
      fprintf(stderr, "line %d: not %s\n", __LINE__, #condition); \
      ERR_print_errors_fp(stderr);                                \
      exit(1);                                                    \
    }                                                             \
  } while (0)

/* Every allocation of the process comes here, those of libcrypto and of the provider too. What
 * malloc itself says is in use wavers with how it cuts its chunks. */
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t num, size_t size);
extern void* __libc_realloc(void* block, size_t size);
extern void __libc_free(void* block);

static atomic_long num_blocks;

static void* counted(void* block) {
  if (block != NULL) atomic_fetch_add(&num_blocks, 1);
  return block;
}

void* malloc(size_t size) { return counted(__libc_malloc(size)); }
void* calloc(size_t num, size_t size) { return counted(__libc_calloc(num, size)); }

void* realloc(void* block, size_t size) {
  void* const moved = __libc_realloc(block, size);
  if (block == NULL) return counted(moved);
  if (moved == NULL && size == 0) atomic_fetch_sub(&num_blocks, 1);
  return moved;
}

void free(void* block) {
  if (block != NULL) atomic_fetch_sub(&num_blocks, 1);
  __libc_free(block);
}

static const unsigned char kKey[64] = {1, 2, 3};
/* HKDF-Expand-Label(secret, "key", "", 16) as provider/known_answers.h has it. */
static const unsigned char kSecret[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
static const unsigned char kExpanded[16] = {0xcc, 0x95, 0xab, 0xc2, 0x58, 0xd3, 0x09, 0x42,
                                            0x4d, 0xdb, 0xf7, 0xcb, 0xa6, 0x8b, 0xd7, 0x7e};
static const unsigned char kIv[12] = {9};
static const char* const kCiphers[] = {"DTLS13-AES-128-GCM", "DTLS13-AES-256-GCM",
                                       "DTLS13-CHACHA20-POLY1305"};

/* What the provider's own algorithms are fetched with. */
static const char* query;
static const char* config;

static EVP_CIPHER_CTX* new_cipher(OSSL_LIB_CTX* context, const char* name, int seal) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(context, name, query);
  EVP_CIPHER_CTX* made = EVP_CIPHER_CTX_new();
  REQUIRE(cipher != NULL && made != NULL);
  REQUIRE(EVP_CipherInit_ex2(made, cipher, kKey, kIv, seal, NULL) == 1);
  EVP_CIPHER_free(cipher);
  return made;
}

/* Seals one record and opens it again. */
static void round_trip(EVP_CIPHER_CTX* sealer, EVP_CIPHER_CTX* opener) {
  unsigned char record[5 + 5 + 1 + 16] = {0x2f, 0, 0, 0, 22, 'h', 'e', 'l', 'l', 'o', 23};
  int len = 0;
  REQUIRE(EVP_EncryptUpdate(sealer, record, &len, record, sizeof(record)) == 1);
  REQUIRE(len == sizeof(record) && memcmp(record + 5, "hello", 5) != 0);
  REQUIRE(EVP_DecryptUpdate(opener, record, &len, record, sizeof(record)) == 1);
  REQUIRE(len == sizeof(record) - 16 && memcmp(record + 5, "hello", 5) == 0);
}

static EVP_KDF_CTX* new_kdf(OSSL_LIB_CTX* context) {
  EVP_KDF* kdf = EVP_KDF_fetch(context, "DTLS13-KDF", query);
  EVP_KDF_CTX* made = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
  REQUIRE(made != NULL);
  EVP_KDF_free(kdf);
  return made;
}

static void derive(EVP_KDF_CTX* kdf) {
  char digest[] = "SHA256", label[] = "key";
  unsigned char out[16] = {0};
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, label, strlen(label)),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void*)kSecret, sizeof(kSecret)),
      OSSL_PARAM_construct_end()};
  REQUIRE(EVP_KDF_derive(kdf, out, sizeof(out), params) == 1);
  REQUIRE(memcmp(out, kExpanded, sizeof(out)) == 0);
}

static void use_all(OSSL_LIB_CTX* context) {
  EVP_KDF_CTX* kdf = new_kdf(context);
  derive(kdf);
  EVP_KDF_CTX_free(kdf);
  for (size_t i = 0; i < sizeof(kCiphers) / sizeof(kCiphers[0]); ++i) {
    EVP_CIPHER_CTX* sealer = new_cipher(context, kCiphers[i], 1);
    EVP_CIPHER_CTX* opener = new_cipher(context, kCiphers[i], 0);
    round_trip(sealer, opener);
    EVP_CIPHER_CTX_free(sealer);
    EVP_CIPHER_CTX_free(opener);
  }
}

struct loaded {
  OSSL_LIB_CTX* context;
  OSSL_PROVIDER* base;
  OSSL_PROVIDER* dtls13;
};

static struct loaded load(OSSL_LIB_CTX* context) {
  struct loaded made = {context, NULL, NULL};
  made.base = OSSL_PROVIDER_load(context, "default");
  REQUIRE(made.base != NULL);
  made.dtls13 = OSSL_PROVIDER_load(context, "dtls13");
  REQUIRE(made.dtls13 != NULL);
  return made;
}

static struct loaded load_new(void) {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  REQUIRE(context != NULL);
  return load(context);
}

/* Without another provider: what is underneath is libcrypto's fallback. */
static struct loaded load_alone(void) {
  struct loaded made = {OSSL_LIB_CTX_new(), NULL, NULL};
  REQUIRE(made.context != NULL);
  made.dtls13 = OSSL_PROVIDER_load(made.context, "dtls13");
  REQUIRE(made.dtls13 != NULL);
  return made;
}

static void unload(struct loaded loaded) {
  REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
  REQUIRE(OSSL_PROVIDER_unload(loaded.base) == 1);
}

/* --- What is asked */

static void entries(void) {
  struct loaded loaded = load(NULL);
  unsigned int value = 2;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_uint("ssl-entries", &value),
                         OSSL_PARAM_construct_end()};
  REQUIRE(OSSL_PROVIDER_get_params(loaded.dtls13, params) == 1);
  printf("ssl-entries: %u\n", value);
  unload(loaded);
}

/* Prints what the process has mapped once everything was used. */
static void maps(void) {
  struct loaded loaded = load(NULL);
  char line[512];
  FILE* file = fopen("/proc/self/maps", "r");
  REQUIRE(file != NULL);
  use_all(NULL);
  REQUIRE(OSSL_PROVIDER_self_test(loaded.dtls13) == 1);
  while (fgets(line, sizeof(line), file) != NULL) fputs(line, stdout);
  fclose(file);
  unload(loaded);
}

/* A thousand times, in new library contexts, alone there, and in one that stays. */
static void churn(void) {
  enum { kWarm = 200, kTimes = 1000 };
  OSSL_LIB_CTX* stays = OSSL_LIB_CTX_new();
  long before = 0;
  for (int i = 0; i < kWarm + kTimes; ++i) {
    struct loaded loaded;
    if (i == kWarm) before = atomic_load(&num_blocks);
    loaded = load_new();
    use_all(loaded.context);
    unload(loaded);
    OSSL_LIB_CTX_free(loaded.context);
    loaded = load_alone();
    use_all(loaded.context);
    REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
    OSSL_LIB_CTX_free(loaded.context);
    loaded = load(stays);
    use_all(stays);
    unload(loaded);
  }
  printf("%ld blocks more after %d times\n", atomic_load(&num_blocks) - before, kTimes);
  OSSL_LIB_CTX_free(stays);
}

/* What is in use outlives its provider, its library context's providers and the other way round. */
static void orders(void) {
  for (int order = 0; order < 6; ++order) {
    struct loaded loaded = load_new();
    EVP_KDF_CTX* kdf = new_kdf(loaded.context);
    EVP_CIPHER_CTX* sealer = new_cipher(loaded.context, kCiphers[order % 3], 1);
    EVP_CIPHER_CTX* opener = new_cipher(loaded.context, kCiphers[order % 3], 0);
    if (order != 4) derive(kdf);
    switch (order) {
      case 0: /* this provider first */
        REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
        REQUIRE(OSSL_PROVIDER_unload(loaded.base) == 1);
        break;
      case 1: /* what is underneath first */
        REQUIRE(OSSL_PROVIDER_unload(loaded.base) == 1);
        round_trip(sealer, opener);
        REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
        break;
      case 2: /* loaded again between */
        REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
        loaded.dtls13 = OSSL_PROVIDER_load(loaded.context, "dtls13");
        REQUIRE(loaded.dtls13 != NULL);
        use_all(loaded.context);
        unload(loaded);
        break;
      case 3: /* twice loaded */
        REQUIRE(OSSL_PROVIDER_load(loaded.context, "dtls13") == loaded.dtls13);
        REQUIRE(OSSL_PROVIDER_unload(loaded.dtls13) == 1);
        use_all(loaded.context);
        unload(loaded);
        break;
      default: /* the library context goes with all in it */
        break;
    }
    if (order < 4) round_trip(sealer, opener);
    EVP_CIPHER_CTX_free(sealer);
    EVP_CIPHER_CTX_free(opener);
    EVP_KDF_CTX_free(kdf);
    OSSL_LIB_CTX_free(loaded.context);
  }
  puts("every order");
}

/* Several library contexts, each with its own properties, and another provider beside. */
static void contexts(void) {
  struct loaded one = load_new(), other = load_new();
  OSSL_PROVIDER* legacy = OSSL_PROVIDER_load(one.context, "legacy");
  EVP_CIPHER* rc4 = EVP_CIPHER_fetch(one.context, "RC4", NULL);
  EVP_CIPHER* cipher = NULL;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  REQUIRE(legacy != NULL && rc4 != NULL);
  EVP_CIPHER_free(rc4);
  REQUIRE(EVP_set_default_properties(other.context, "fips=yes") == 1);
  use_all(one.context);
  cipher = EVP_CIPHER_fetch(other.context, kCiphers[0], "-fips");
  REQUIRE(cipher != NULL);
  REQUIRE(EVP_EncryptInit_ex2(context, cipher, kKey, kIv, NULL) == 0);
  REQUIRE(strcmp(ERR_reason_error_string(ERR_peek_error()),
                 "not available under the property query") == 0);
  ERR_clear_error();
  use_all(one.context);
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
  OSSL_PROVIDER_unload(legacy);
  unload(other);
  OSSL_LIB_CTX_free(other.context);
  use_all(one.context);
  unload(one);
  OSSL_LIB_CTX_free(one.context);
  puts("every context");
}

static void in_child(struct loaded* loaded, EVP_CIPHER_CTX* sealer, EVP_CIPHER_CTX* opener) {
  const pid_t pid = fork();
  int status = 0;
  REQUIRE(pid >= 0);
  if (pid == 0) {
    struct loaded own = loaded != NULL ? *loaded : load_new();
    use_all(own.context);
    if (sealer != NULL) round_trip(sealer, opener);
    unload(own);
    OSSL_LIB_CTX_free(own.context);
    exit(0);
  }
  REQUIRE(waitpid(pid, &status, 0) == pid && status == 0);
}

static void forks(void) {
  struct loaded loaded;
  EVP_CIPHER_CTX *sealer, *opener;
  in_child(NULL, NULL, NULL);
  loaded = load_new();
  in_child(&loaded, NULL, NULL); /* loaded, nothing fetched */
  use_all(loaded.context);
  sealer = new_cipher(loaded.context, kCiphers[0], 1);
  opener = new_cipher(loaded.context, kCiphers[0], 0);
  in_child(&loaded, sealer, opener);
  in_child(NULL, NULL, NULL);
  round_trip(sealer, opener);
  use_all(loaded.context);
  EVP_CIPHER_CTX_free(sealer);
  EVP_CIPHER_CTX_free(opener);
  unload(loaded);
  OSSL_LIB_CTX_free(loaded.context);
  puts("every child");
}

static pthread_barrier_t barrier;

static void* use_at_once(void* context) {
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 50; ++i) use_all(context);
  return NULL;
}

static void* churn_at_once(void* context) {
  (void)context;
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 20; ++i) {
    struct loaded loaded = load_new();
    use_all(loaded.context);
    unload(loaded);
    OSSL_LIB_CTX_free(loaded.context);
  }
  return NULL;
}

static void threads(void) {
  enum { kNum = 10 };
  pthread_t ids[kNum];
  struct loaded loaded = load_new();
  REQUIRE(pthread_barrier_init(&barrier, NULL, kNum) == 0);
  for (int i = 0; i < kNum; ++i) {
    REQUIRE(pthread_create(&ids[i], NULL, i < kNum - 2 ? use_at_once : churn_at_once,
                           loaded.context) == 0);
  }
  for (int i = 0; i < kNum; ++i) REQUIRE(pthread_join(ids[i], NULL) == 0);
  unload(loaded);
  OSSL_LIB_CTX_free(loaded.context);
  puts("every thread");
}

/* --- Under FIPS rules: contexts with the providers of CONFIG */

static OSSL_LIB_CTX* new_configured(void) {
  OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
  REQUIRE(context != NULL && config != NULL);
  REQUIRE(OSSL_LIB_CTX_load_config(context, config) == 1);
  REQUIRE(OSSL_PROVIDER_available(context, "fips") == 1);
  return context;
}

static void round_trip_of(OSSL_LIB_CTX* context, const char* name) {
  EVP_CIPHER_CTX* sealer = new_cipher(context, name, 1);
  EVP_CIPHER_CTX* opener = new_cipher(context, name, 0);
  round_trip(sealer, opener);
  EVP_CIPHER_CTX_free(sealer);
  EVP_CIPHER_CTX_free(opener);
}

/* Keys a cipher with `properties` for what is underneath; says how that ends. */
static void say_keyed(OSSL_LIB_CTX* context, const char* name, char* properties) {
  EVP_CIPHER* cipher = EVP_CIPHER_fetch(context, name, query);
  EVP_CIPHER_CTX* keyed = EVP_CIPHER_CTX_new();
  OSSL_PARAM params[] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  const char* text = "";
  if (properties != NULL) {
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_ALG_PARAM_PROPERTIES, properties, 0);
  }
  REQUIRE(cipher != NULL && keyed != NULL);
  const int result = EVP_EncryptInit_ex2(keyed, cipher, kKey, kIv, params);
  const unsigned long error = ERR_peek_error_data(&text, NULL);
  printf("%s: %d", name, result);
  if (error != 0) printf(": %s: %s", ERR_reason_error_string(error), text);
  puts("");
  ERR_clear_error();
  EVP_CIPHER_CTX_free(keyed);
  EVP_CIPHER_free(cipher);
}

static int say_tested(const OSSL_PARAM* params, void* argument) {
  const OSSL_PARAM* phase = OSSL_PARAM_locate_const(params, OSSL_PROV_PARAM_SELF_TEST_PHASE);
  const OSSL_PARAM* name = OSSL_PARAM_locate_const(params, OSSL_PROV_PARAM_SELF_TEST_DESC);
  (void)argument;
  REQUIRE(phase != NULL && name != NULL);
  if (strcmp(phase->data, OSSL_SELF_TEST_PHASE_PASS) == 0) printf("%s ", (char*)name->data);
  return 1;
}

/* The FIPS module is alone under this provider, by the context's default properties. */
static void fips_alone(void) {
  OSSL_LIB_CTX* context = new_configured();
  OSSL_PROVIDER* dtls13 = OSSL_PROVIDER_load(context, "dtls13");
  EVP_KDF_CTX* kdf;
  REQUIRE(dtls13 != NULL);
  REQUIRE(EVP_set_default_properties(context, "fips=yes") == 1);
  REQUIRE(EVP_CIPHER_fetch(context, kCiphers[0], NULL) == NULL);
  ERR_clear_error();
  query = "provider=dtls13,-fips";
  kdf = new_kdf(context);
  derive(kdf);
  EVP_KDF_CTX_free(kdf);
  round_trip_of(context, kCiphers[0]);
  round_trip_of(context, kCiphers[1]);
  say_keyed(context, kCiphers[2], NULL);
  say_keyed(context, "DTLS13-SN-AES-128", NULL);
  say_keyed(context, "DTLS13-SN-CHACHA20", NULL);
  printf("tested: ");
  OSSL_SELF_TEST_set_callback(context, say_tested, NULL);
  REQUIRE(OSSL_PROVIDER_self_test(dtls13) == 1);
  puts("");
  REQUIRE(OSSL_PROVIDER_available(context, "default") == 0);
  REQUIRE(OSSL_PROVIDER_unload(dtls13) == 1);
  OSSL_LIB_CTX_free(context);
}

/* The default provider is there too; each context of an algorithm is told which is meant. */
static void fips_by_parameter(void) {
  OSSL_LIB_CTX* context = new_configured();
  OSSL_PROVIDER* dtls13 = OSSL_PROVIDER_load(context, "dtls13");
  char yes[] = "fips=yes";
  REQUIRE(dtls13 != NULL && OSSL_PROVIDER_available(context, "default") == 1);
  for (size_t i = 0; i < sizeof(kCiphers) / sizeof(kCiphers[0]); ++i) {
    say_keyed(context, kCiphers[i], NULL);
    say_keyed(context, kCiphers[i], yes);
  }
  REQUIRE(OSSL_PROVIDER_unload(dtls13) == 1);
  OSSL_LIB_CTX_free(context);
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    void (*run)(void);
  } kAll[] = {{"entries", entries},
              {"maps", maps},
              {"churn", churn},
              {"orders", orders},
              {"contexts", contexts},
              {"forks", forks},
              {"threads", threads},
              {"fips-alone", fips_alone},
              {"fips-by-parameter", fips_by_parameter}};
  if (argc == 3) config = argv[2];
  for (size_t i = 0; (argc == 2 || argc == 3) && i < sizeof(kAll) / sizeof(kAll[0]); ++i) {
    if (strcmp(argv[1], kAll[i].name) != 0) continue;
    kAll[i].run();
    return 0;
  }
  fprintf(stderr, "usage: provider_host WHAT [CONFIG]\n");
  return 2;
}
