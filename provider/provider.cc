// SPDX-License-Identifier: Apache-2.0
#include "provider/provider.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/opensslv.h>
#include <openssl/params.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/record_crypto.h"
#include "provider/capabilities.h"
#include "provider/config_section.h"
#include "provider/dispatch.h"
#include "provider/host.h"
#include "provider/kdf.h"
#include "provider/number_cipher.h"
#include "provider/provider_context.h"
#include "provider/reason.h"
#include "provider/record_cipher.h"
#include "provider/self_tests.h"

// The provider's functions, provider-base(7). <openssl/core.h> declares what the file shows of
// them: OSSL_provider_init, which libcrypto looks for in a file that it loads as a provider, and
// which OSSL_PROVIDER_add_builtin takes. docs/provider.md says what the provider offers.

namespace dtls13::provider {
namespace {

// In the section of openssl.cnf; the library has it in its policy.
constexpr char kRecordCryptoKey[] = "record_crypto";

// List ends what its parts have together as libcrypto wants it.
std::vector<OSSL_ALGORITHM> List(std::initializer_list<std::span<const OSSL_ALGORITHM>> parts) {
  std::vector<OSSL_ALGORITHM> list;
  for (const std::span<const OSSL_ALGORITHM> part : parts) {
    list.insert(list.end(), part.begin(), part.end());
  }
  list.push_back({nullptr, nullptr, nullptr, nullptr});
  return list;
}

const OSSL_ALGORITHM* QueryOperation(void* /*provider*/, int operation, int* no_cache) {
  // The lists never change.
  *no_cache = 0;
  // Never destroyed: a library context may outlive static destructors.
  static const auto& kKdfs = *new std::vector(List({KdfAlgorithms()}));
  static const auto& kCiphers =
      *new std::vector(List({RecordCipherAlgorithms(), NumberCipherAlgorithms()}));
  switch (operation) {
    case OSSL_OP_CIPHER:
      return kCiphers.data();
    case OSSL_OP_KDF:
      return kKdfs.data();
    default:
      return nullptr;
  }
}

const OSSL_PARAM* GettableParameters(void* /*provider*/) {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, nullptr, 0),
                                         OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, nullptr, 0),
                                         OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, nullptr, 0),
                                         OSSL_PARAM_uint(OSSL_PROV_PARAM_STATUS, nullptr),
                                         OSSL_PARAM_uint(kParamSslEntries, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

int GetParameters(void* provider, OSSL_PARAM params[]) {
  constexpr struct {
    const char* key;
    const char* value;
  } kTexts[] = {
      {OSSL_PROV_PARAM_NAME, "DTLS 1.3 provider"},
      {OSSL_PROV_PARAM_VERSION, DTLS13_VERSION},
      // DTLS13_VERSION comes from tools/bazel/version.bzl.
      {OSSL_PROV_PARAM_BUILDINFO,
       DTLS13_VERSION ", " OPENSSL_VERSION_TEXT ", compiler " __VERSION__},
  };
  for (const auto& text : kTexts) {
    OSSL_PARAM* param = OSSL_PARAM_locate(params, text.key);
    if (param != nullptr && OSSL_PARAM_set_utf8_ptr(param, text.value) != 1) return 0;
  }
  OSSL_PARAM* const status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
  OSSL_PARAM* const ssl_entries = OSSL_PARAM_locate(params, kParamSslEntries);
  return (status == nullptr ||
          OSSL_PARAM_set_uint(status, ProviderContext::Of(provider)->is_running()) == 1) &&
         (ssl_entries == nullptr ||
          OSSL_PARAM_set_uint(ssl_entries, HasEntriesInForce(provider)) == 1);
}

const OSSL_ITEM* GetReasonStrings(void* /*provider*/) { return ReasonStrings(); }

int SelfTest(void* provider) { return RunSelfTest(ProviderContext::Of(provider)); }

void Teardown(void* provider) { delete ProviderContext::Of(provider); }

ConfigReader SectionOf(const ProviderContext& provider) {
  return [&provider](const char* key) { return provider.ConfigValue(key); };
}

// UnknownKeyOf says which key the provider's section of openssl.cnf may not have; empty for none.
std::string UnknownKeyOf(const ProviderContext& provider) {
  Host* const host = provider.host();
  const std::string unknown = FindUnknownKey(
      provider.library_context(), SectionOf(provider), [host](const std::string& key) {
        return key == kSelfTestKey || key == kRecordCryptoKey ||
               (host != nullptr && host->HasKey(key));
      });
  return unknown.empty() ? "" : "there is no key '" + unknown + "'";
}

// TakeRecordCrypto returns what is wrong with what the section says of it; empty when nothing is.
std::string TakeRecordCrypto(ProviderContext& provider) {
  if (provider.host() != nullptr) {
    provider.set_record_crypto(provider.host()->RecordCryptoOf(SectionOf(provider)));
    return "";
  }
  const char* const name = provider.ConfigValue(kRecordCryptoKey);
  const std::optional<RecordCrypto> read = RecordCryptoOfName(name != nullptr ? name : "libcrypto");
  if (!read) return std::string(kRecordCryptoKey) + " takes libcrypto or ipsec-mb";
  provider.set_record_crypto(*read);
  return "";
}

// Configure comes last of all: what the host takes of the section it does not give back.
bool Configure(ProviderContext& provider) {
  std::string fault = UnknownKeyOf(provider);
  if (fault.empty()) fault = TakeRecordCrypto(provider);
  if (fault.empty() && !SelfTestOnLoad(&provider)) {
    fault =
        std::string("the self-test did not pass, or '") + kSelfTestKey + "' is neither yes nor no";
  }
  if (fault.empty() && provider.host() != nullptr) {
    fault = provider.host()->Configure(SectionOf(provider));
  }
  if (fault.empty()) return true;
  if (provider.host() != nullptr) provider.host()->OnMisconfigured(fault);
  return provider.Fail(Reason::kConfiguration, "%s", fault.c_str());
}

}  // namespace

int Init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in, const OSSL_DISPATCH** out,
         void** provider_context, Host* host) noexcept {
  static const OSSL_DISPATCH kFunctions[] = {
      Entry(OSSL_FUNC_PROVIDER_TEARDOWN, Teardown),
      Entry(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, GettableParameters),
      Entry(OSSL_FUNC_PROVIDER_GET_PARAMS, GetParameters),
      Entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, QueryOperation),
      Entry(OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, GetReasonStrings),
      Entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, GetCapabilities),
      Entry(OSSL_FUNC_PROVIDER_SELF_TEST, SelfTest),
      {0, nullptr}};
  std::unique_ptr<ProviderContext> provider = ProviderContext::Create(handle, in, host);
  if (provider == nullptr || !Configure(*provider)) return 0;
  *out = kFunctions;
  *provider_context = provider.release();
  return 1;
}

}  // namespace dtls13::provider
