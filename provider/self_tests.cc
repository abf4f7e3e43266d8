// SPDX-License-Identifier: Apache-2.0
#include "provider/self_tests.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/self_test.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dtls13/crypto/cipher_suite.h"
#include "provider/dispatch.h"
#include "provider/kdf.h"
#include "provider/known_answers.h"
#include "provider/number_cipher.h"
#include "provider/reason.h"
#include "provider/record_cipher.h"
#include "provider/yes_or_no.h"

namespace dtls13::provider {
namespace {

constexpr std::string_view kRecordPrefix = "DTLS13-";
constexpr std::string_view kNumberPrefix = "DTLS13-SN-";

struct FreeSelfTest {
  void operator()(OSSL_SELF_TEST* self_test) const { OSSL_SELF_TEST_free(self_test); }
};
using SelfTest = std::unique_ptr<OSSL_SELF_TEST, FreeSelfTest>;

// An answer as it was given, with room for the longest; the callback may have a byte of it changed.
struct Answer {
  decltype(KnownBytes::bytes) bytes{};
  size_t len = 0;

  bool Is(const KnownBytes& known, OSSL_SELF_TEST* self_test) {
    OSSL_SELF_TEST_oncorrupt_byte(self_test, bytes.data());
    return std::ranges::equal(std::span(bytes).first(len), known.view());
  }
};

// Context is one that an algorithm's own functions make and free.
class Context {
 public:
  Context(ProviderContext* provider, const OSSL_ALGORITHM& algorithm, int new_id, int free_id)
      : functions_(algorithm.implementation), free_id_(free_id) {
    context_ = Find<void*(void*)>(functions_, new_id)(provider);
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    if (context_ != nullptr) Find<void(void*)>(functions_, free_id_)(context_);
  }

  void* get() const { return context_; }
  template <typename Function>
  Function* function(int id) const {
    return Find<Function>(functions_, id);
  }

 private:
  const OSSL_DISPATCH* functions_;
  int free_id_;
  void* context_;
};

OSSL_PARAM Octets(const char* key, const KnownBytes& known) {
  return OSSL_PARAM_construct_octet_string(key, const_cast<uint8_t*>(known.bytes.data()),
                                           known.len);
}

OSSL_PARAM String(const char* key, const char* text) {
  return OSSL_PARAM_construct_utf8_string(key, const_cast<char*>(text), 0);
}

bool Derives(ProviderContext* provider, const OSSL_ALGORITHM& algorithm,
             const KnownDerivation& known, OSSL_SELF_TEST* self_test) {
  const Context kdf(provider, algorithm, OSSL_FUNC_KDF_NEWCTX, OSSL_FUNC_KDF_FREECTX);
  const OSSL_PARAM params[] = {
      String(OSSL_KDF_PARAM_MODE, known.mode),
      String(OSSL_KDF_PARAM_DIGEST, known.digest),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL, const_cast<char*>(known.label),
                                        std::string_view(known.label).size()),
      Octets(OSSL_KDF_PARAM_KEY, known.key),
      Octets(OSSL_KDF_PARAM_SALT, known.salt),
      Octets(OSSL_KDF_PARAM_DATA, known.data),
      OSSL_PARAM_construct_end()};
  Answer answer{.bytes = {}, .len = known.out.len};
  return kdf.get() != nullptr &&
         kdf.function<OSSL_FUNC_kdf_derive_fn>(OSSL_FUNC_KDF_DERIVE)(kdf.get(), answer.bytes.data(),
                                                                     answer.len, params) == 1 &&
         answer.Is(known.out, self_test);
}

// Run gives a cipher a key and one input.
std::optional<Answer> Run(ProviderContext* provider, const OSSL_ALGORITHM& algorithm, bool encrypt,
                          const KnownBytes& key, const KnownBytes* iv, const OSSL_PARAM params[],
                          const KnownBytes& in) {
  const Context cipher(provider, algorithm, OSSL_FUNC_CIPHER_NEWCTX, OSSL_FUNC_CIPHER_FREECTX);
  Answer answer;
  if (cipher.get() == nullptr ||
      cipher.function<OSSL_FUNC_cipher_encrypt_init_fn>(encrypt ? OSSL_FUNC_CIPHER_ENCRYPT_INIT
                                                                : OSSL_FUNC_CIPHER_DECRYPT_INIT)(
          cipher.get(), key.bytes.data(), key.len, iv != nullptr ? iv->bytes.data() : nullptr,
          iv != nullptr ? iv->len : 0, params) != 1 ||
      cipher.function<OSSL_FUNC_cipher_update_fn>(OSSL_FUNC_CIPHER_UPDATE)(
          cipher.get(), answer.bytes.data(), &answer.len, answer.bytes.size(), in.bytes.data(),
          in.len) != 1) {
    return std::nullopt;
  }
  return answer;
}

bool SealsAndOpens(ProviderContext* provider, const OSSL_ALGORITHM& algorithm,
                   const KnownRecord& known, OSSL_SELF_TEST* self_test) {
  uint64_t number = known.number;
  size_t connection_id_len = known.connection_id_len;
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_uint64(kParamNextSequenceNumber, &number),
      OSSL_PARAM_construct_size_t(kParamConnectionIdLen, &connection_id_len),
      OSSL_PARAM_construct_end()};
  std::optional<Answer> sealed =
      Run(provider, algorithm, true, known.key, &known.iv, params, known.plain);
  if (!sealed || !sealed->Is(known.sealed, self_test)) return false;
  std::optional<Answer> opened =
      Run(provider, algorithm, false, known.key, &known.iv, params, known.sealed);
  // Without the room for the tag.
  KnownBytes plain = known.plain;
  plain.len -= kAeadTagLen;
  return opened && opened->Is(plain, self_test);
}

// Test says of one algorithm whether it gives all answers of `known` that are for it.
template <typename Known, typename IsFor, typename Gives>
bool Test(ProviderContext* provider, const OSSL_ALGORITHM& algorithm, const char* type,
          std::span<const Known> known, OSSL_SELF_TEST* self_test, IsFor is_for, Gives gives) {
  OSSL_SELF_TEST_onbegin(self_test, type, algorithm.algorithm_names);
  size_t num_given = 0;
  const bool all_given = std::ranges::all_of(known, [&](const Known& one) {
    return !is_for(one) || (++num_given, gives(provider, algorithm, one, self_test));
  });
  const bool passed = all_given && num_given > 0;
  OSSL_SELF_TEST_onend(self_test, passed);
  return passed || provider->Fail(Reason::kSelfTestFailed, "%s does not give its known answers",
                                  algorithm.algorithm_names);
}

bool TestKdf(ProviderContext* provider, OSSL_SELF_TEST* self_test) {
  const auto has_hash = [provider](const KnownDerivation& known) {
    return provider->Has(known.digest == std::string_view("SHA2-256") ? HashId::kSha256
                                                                      : HashId::kSha384);
  };
  return Test<KnownDerivation>(provider, KdfAlgorithms().front(), OSSL_SELF_TEST_TYPE_KAT_KDF,
                               kKnownDerivations, self_test, has_hash, Derives);
}

bool TestCiphers(ProviderContext* provider, OSSL_SELF_TEST* self_test) {
  bool ok = true;
  for (size_t i = 0; i < kCipherSuites.size(); ++i) {
    if (!provider->Has(kCipherSuites[i])) continue;
    const OSSL_ALGORITHM& records = RecordCipherAlgorithms()[i];
    ok &= Test<KnownRecord>(
        provider, records, OSSL_SELF_TEST_TYPE_KAT_CIPHER, kKnownRecords, self_test,
        [&](const KnownRecord& known) {
          return std::string_view(records.algorithm_names).substr(kRecordPrefix.size()) ==
                 known.suite;
        },
        SealsAndOpens);
    const OSSL_ALGORITHM& numbers = NumberCipherAlgorithms()[i];
    ok &= Test<KnownMask>(
        provider, numbers, OSSL_SELF_TEST_TYPE_KAT_CIPHER, kKnownMasks, self_test,
        [&](const KnownMask& known) {
          return std::string_view(numbers.algorithm_names).substr(kNumberPrefix.size()) ==
                 known.suite;
        },
        [](ProviderContext* provider, const OSSL_ALGORITHM& algorithm, const KnownMask& known,
           OSSL_SELF_TEST* self_test) {
          std::optional<Answer> mask =
              Run(provider, algorithm, true, known.key, nullptr, nullptr, known.sample);
          return mask && mask->Is(known.mask, self_test);
        });
  }
  return ok;
}

}  // namespace

bool RunSelfTest(ProviderContext* provider) {
  void* argument = nullptr;
  OSSL_CALLBACK* const callback = provider->SelfTestCallback(&argument);
  const SelfTest self_test(OSSL_SELF_TEST_new(callback, argument));
  if (self_test == nullptr) return provider->Fail(Reason::kLibcrypto, "there is no memory");
  // Its own algorithms refuse to work otherwise, after a test that has failed.
  provider->set_running(true);
  bool passed = provider->FindHash(std::nullopt, HashId::kSha256) != nullptr;
  passed &= TestKdf(provider, self_test.get());
  passed &= TestCiphers(provider, self_test.get());
  provider->set_running(passed);
  return passed;
}

bool SelfTestOnLoad(ProviderContext* provider) {
  const char* const value = provider->ConfigValue(kSelfTestKey);
  if (value == nullptr) return true;
  const std::optional<bool> is_wanted = ReadYesOrNo(value);
  if (is_wanted) return !*is_wanted || RunSelfTest(provider);
  return provider->Fail(Reason::kConfiguration, "'%s' is yes or no, not '%s'", kSelfTestKey, value);
}

}  // namespace dtls13::provider
