// SPDX-License-Identifier: Apache-2.0
#include "provider/provider_context.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "dtls13/crypto/openssl_ptr.h"
#include "provider/dispatch.h"

namespace dtls13::provider {
namespace {

// An application has one or two property queries; one that makes them up is not to fill the memory.
constexpr size_t kMaxKnown = 8;

const char* TextOf(const PropertyQuery& query) { return query ? query->c_str() : nullptr; }

// For an error's text.
std::string Named(const PropertyQuery& query) {
  return query ? "the property query '" + *query + "'" : "the default properties";
}

// A method that is fetched again is the same object as long as nothing has changed which it: the
// default properties, or the providers.
bool IsStill(const Algorithms& algorithms, const EVP_CIPHER* cipher) {
  if (cipher == nullptr) return false;
  OpenSslPtr<EVP_CIPHER> now(EVP_CIPHER_fetch(
      algorithms.library_context(), EVP_CIPHER_get0_name(cipher), algorithms.property_query()));
  return now.get() == cipher;
}

bool IsStill(const Algorithms& algorithms, const EVP_MD* digest, const EVP_MAC_CTX* mac) {
  if (digest == nullptr || mac == nullptr) return false;
  OpenSslPtr<EVP_MD> digest_now(EVP_MD_fetch(algorithms.library_context(), EVP_MD_get0_name(digest),
                                             algorithms.property_query()));
  OpenSslPtr<EVP_MAC> mac_now(
      EVP_MAC_fetch(algorithms.library_context(), OSSL_MAC_NAME_HMAC, algorithms.property_query()));
  return digest_now.get() == digest &&
         mac_now.get() == EVP_MAC_CTX_get0_mac(const_cast<EVP_MAC_CTX*>(mac));
}

}  // namespace

ProviderContext::ProviderContext(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                 Host* host)
    : handle_(handle),
      host_(host),
      core_new_error_(Find<OSSL_FUNC_core_new_error_fn>(in, OSSL_FUNC_CORE_NEW_ERROR)),
      core_set_error_debug_(
          Find<OSSL_FUNC_core_set_error_debug_fn>(in, OSSL_FUNC_CORE_SET_ERROR_DEBUG)),
      core_vset_error_(Find<OSSL_FUNC_core_vset_error_fn>(in, OSSL_FUNC_CORE_VSET_ERROR)),
      core_get_params_(Find<OSSL_FUNC_core_get_params_fn>(in, OSSL_FUNC_CORE_GET_PARAMS)),
      core_get_libctx_(Find<OSSL_FUNC_core_get_libctx_fn>(in, OSSL_FUNC_CORE_GET_LIBCTX)),
      core_self_test_callback_(Find<OSSL_FUNC_self_test_cb_fn>(in, OSSL_FUNC_SELF_TEST_CB)),
      child_(OSSL_LIB_CTX_new_child(handle, in)) {}

std::unique_ptr<ProviderContext> ProviderContext::Create(const OSSL_CORE_HANDLE* handle,
                                                         const OSSL_DISPATCH* in, Host* host) {
  std::unique_ptr<ProviderContext> context(new (std::nothrow) ProviderContext(handle, in, host));
  if (context == nullptr || context->child_ == nullptr) return nullptr;
  return context;
}

ProviderContext::~ProviderContext() {
  // They are the child's.
  known_.clear();
  if (fallback_ != nullptr) OSSL_PROVIDER_unload(fallback_);
  OSSL_LIB_CTX_free(child_);
}

bool ProviderContext::Fail(Reason reason, Text text, ...) const {
  if (core_new_error_ == nullptr || core_vset_error_ == nullptr) return false;
  core_new_error_(handle_);
  if (core_set_error_debug_ != nullptr) {
    core_set_error_debug_(handle_, text.file, text.line, text.function);
  }
  va_list arguments;
  va_start(arguments, text);
  core_vset_error_(handle_, static_cast<uint32_t>(reason), text.format, arguments);
  va_end(arguments);
  return false;
}

bool ProviderContext::CheckRunning() const {
  return is_running() || Fail(Reason::kSelfTestFailed, "nothing is done after a failed self-test");
}

std::shared_ptr<const Algorithms> ProviderContext::Known(const PropertyQuery& query) {
  std::lock_guard lock(mutex_);
  const auto found =
      std::ranges::find_if(known_, [&](const auto& known) { return known.first == query; });
  return found != known_.end() ? found->second : nullptr;
}

// Not under the mutex: other providers are called, and a process may fork meanwhile.
std::shared_ptr<const Algorithms> ProviderContext::FetchNow(const PropertyQuery& query) {
  std::shared_ptr<const Algorithms> algorithms =
      Algorithms::Fetch(child_, TextOf(query), record_crypto_);
  if (algorithms == nullptr) return nullptr;
  std::lock_guard lock(mutex_);
  std::erase_if(known_, [&](const auto& known) { return known.first == query; });
  if (known_.size() >= kMaxKnown) known_.erase(known_.begin());
  known_.emplace_back(query, algorithms);
  return algorithms;
}

// LoadFallback does for the child what libcrypto does for a library context in which nothing was
// loaded: the default provider comes by itself. With this one loaded, alone, libcrypto does so no
// more. True when there is something new to find.
bool ProviderContext::LoadFallback() {
  struct Search {
    const char* own_name;
    bool is_alone = true;
  } search{.own_name = ConfigValue(OSSL_PROV_PARAM_CORE_PROV_NAME)};
  if (search.own_name == nullptr) return false;
  OSSL_PROVIDER_do_all(
      child_,
      [](OSSL_PROVIDER* provider, void* argument) {
        auto* const search = static_cast<Search*>(argument);
        if (std::strcmp(OSSL_PROVIDER_get0_name(provider), search->own_name) != 0) {
          search->is_alone = false;
        }
        return 1;
      },
      &search);
  if (!search.is_alone) return false;
  OSSL_PROVIDER* const loaded = OSSL_PROVIDER_load(child_, "default");
  if (loaded == nullptr) return false;
  std::unique_lock lock(mutex_);
  if (fallback_ == nullptr) {
    fallback_ = loaded;
  } else {
    // Another thread was first.
    lock.unlock();
    OSSL_PROVIDER_unload(loaded);
  }
  return true;
}

template <typename IsThere>
std::shared_ptr<const Algorithms> ProviderContext::FindWith(const PropertyQuery& query,
                                                            IsThere is_there) {
  // What is not to be had is one error of ours, not several of libcrypto's.
  ERR_set_mark();
  std::shared_ptr<const Algorithms> algorithms = Known(query);
  if (algorithms == nullptr || !is_there(*algorithms)) algorithms = FetchNow(query);
  if ((algorithms == nullptr || !is_there(*algorithms)) && LoadFallback()) {
    algorithms = FetchNow(query);
  }
  if (algorithms != nullptr && !is_there(*algorithms)) algorithms = nullptr;
  ERR_pop_to_mark();
  return algorithms;
}

std::shared_ptr<const Algorithms> ProviderContext::Search(const PropertyQuery& query, HashId hash) {
  return FindWith(query, [hash](const Algorithms& algorithms) {
    return IsStill(algorithms, algorithms.digest(hash), algorithms.hmac(hash));
  });
}

std::shared_ptr<const Algorithms> ProviderContext::Search(const PropertyQuery& query,
                                                          const CipherSuite& suite) {
  return FindWith(query, [&](const Algorithms& algorithms) {
    return IsStill(algorithms, algorithms.aead_cipher(suite.id)) &&
           IsStill(algorithms, algorithms.record_number_cipher(suite.id));
  });
}

bool ProviderContext::Has(HashId hash) { return Search(std::nullopt, hash) != nullptr; }

bool ProviderContext::Has(const CipherSuite& suite) {
  return Search(std::nullopt, suite) != nullptr;
}

std::shared_ptr<const Algorithms> ProviderContext::FindHash(const PropertyQuery& query,
                                                            HashId hash) {
  std::shared_ptr<const Algorithms> found = Search(query, hash);
  if (found == nullptr) {
    Fail(Reason::kUnavailable, "no provider has HMAC and SHA2-%zu under %s", HashLen(hash) * 8,
         Named(query).c_str());
  }
  return found;
}

std::shared_ptr<const Algorithms> ProviderContext::FindSuite(const PropertyQuery& query,
                                                             const CipherSuite& suite) {
  std::shared_ptr<const Algorithms> found = Search(query, suite);
  if (found == nullptr) {
    Fail(Reason::kUnavailable, "no provider has the ciphers of %s under %s", suite.name,
         Named(query).c_str());
  }
  return found;
}

const char* ProviderContext::ConfigValue(const char* key) const {
  if (core_get_params_ == nullptr) return nullptr;
  char* value = nullptr;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_ptr(key, &value, 0), OSSL_PARAM_construct_end()};
  return core_get_params_(handle_, params) == 1 ? value : nullptr;
}

OSSL_CALLBACK* ProviderContext::SelfTestCallback(void** argument) const {
  OSSL_CALLBACK* callback = nullptr;
  if (core_self_test_callback_ != nullptr && core_get_libctx_ != nullptr) {
    core_self_test_callback_(core_get_libctx_(handle_), &callback, argument);
  }
  return callback;
}

}  // namespace dtls13::provider
