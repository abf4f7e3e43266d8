// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PROVIDER_CONTEXT_H_
#define DTLS13_PROVIDER_PROVIDER_CONTEXT_H_

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/types.h>

#include <atomic>
#include <cstdarg>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/record_crypto.h"
#include "provider/host.h"
#include "provider/reason.h"

namespace dtls13::provider {

// PropertyQuery is what an algorithm underneath has to be; nothing stands for the library context's
// default properties.
using PropertyQuery = std::optional<std::string>;

// Text is a printf format, with the place where it was written.
struct Text {
  // Implicit, so that a literal brings its place along.
  Text(const char* format, const char* file = __builtin_FILE(), int line = __builtin_LINE(),
       const char* function = __builtin_FUNCTION())
      : format(format), file(file), line(line), function(function) {}

  const char* format;
  const char* file;
  int line;
  const char* function;
};

// ProviderContext is the provider in one library context of an application's: how it speaks to
// libcrypto's core, and what it takes from other providers. Thread-safe.
//
// All it takes comes from a child of that library context (OSSL_LIB_CTX_new_child), which has the
// same providers and default properties, also those that come and go later. A pointer to an
// application's own library context would outlive it. It does not know its algorithms.
class ProviderContext {
 public:
  // Create returns null when libcrypto has no child to give. `in` is the core's table, `host` may
  // be null.
  static std::unique_ptr<ProviderContext> Create(const OSSL_CORE_HANDLE* handle,
                                                 const OSSL_DISPATCH* in, Host* host);
  ProviderContext(const ProviderContext&) = delete;
  ProviderContext& operator=(const ProviderContext&) = delete;
  ~ProviderContext();

  Host* host() const { return host_; }
  // library_context is the child.
  OSSL_LIB_CTX* library_context() const { return child_; }

  static ProviderContext* Of(void* context) { return static_cast<ProviderContext*>(context); }

  // Fail puts an error on the thread's queue. Always false, for `return context.Fail(...)`.
  bool Fail(Reason reason, Text text, ...) const;

  // FindHash and FindSuite return what the child has under `query`, with the hash or with both
  // ciphers of the suite in it; null, with an error on the queue, where it has them not. `query`
  // means what it means now: default properties may have changed since the last call.
  std::shared_ptr<const Algorithms> FindHash(const PropertyQuery& query, HashId hash);
  std::shared_ptr<const Algorithms> FindSuite(const PropertyQuery& query, const CipherSuite& suite);

  // Has says whether FindHash or FindSuite would find it under the default properties.
  bool Has(HashId hash);
  bool Has(const CipherSuite& suite);

  // ConfigValue is the value of `key` in the provider's section of openssl.cnf; null without. It
  // lives as long as the provider.
  const char* ConfigValue(const char* key) const;
  // SelfTestCallback is the application's, null without; `*argument` is for it.
  OSSL_CALLBACK* SelfTestCallback(void** argument) const;

  // set_record_crypto comes before all else: what was fetched stays as it is.
  void set_record_crypto(RecordCrypto record_crypto) { record_crypto_ = record_crypto; }

  // is_running is false once a self-test has failed: nothing is to be begun then.
  bool is_running() const { return is_running_.load(std::memory_order_acquire); }
  void set_running(bool running) { is_running_.store(running, std::memory_order_release); }
  // CheckRunning is is_running with an error on the queue.
  bool CheckRunning() const;

 private:
  ProviderContext(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in, Host* host);

  template <typename IsThere>
  std::shared_ptr<const Algorithms> FindWith(const PropertyQuery& query, IsThere is_there);
  std::shared_ptr<const Algorithms> Search(const PropertyQuery& query, HashId hash);
  std::shared_ptr<const Algorithms> Search(const PropertyQuery& query, const CipherSuite& suite);
  std::shared_ptr<const Algorithms> Known(const PropertyQuery& query);
  std::shared_ptr<const Algorithms> FetchNow(const PropertyQuery& query);
  bool LoadFallback();

  const OSSL_CORE_HANDLE* handle_;
  Host* const host_;
  OSSL_FUNC_core_new_error_fn* core_new_error_ = nullptr;
  OSSL_FUNC_core_set_error_debug_fn* core_set_error_debug_ = nullptr;
  OSSL_FUNC_core_vset_error_fn* core_vset_error_ = nullptr;
  OSSL_FUNC_core_get_params_fn* core_get_params_ = nullptr;
  OSSL_FUNC_core_get_libctx_fn* core_get_libctx_ = nullptr;
  OSSL_FUNC_self_test_cb_fn* core_self_test_callback_ = nullptr;
  OSSL_LIB_CTX* child_ = nullptr;
  RecordCrypto record_crypto_ = RecordCrypto::kLibcrypto;
  std::atomic<bool> is_running_ = true;
  std::mutex mutex_;
  // Under mutex_: the provider that LoadFallback has brought, and what was found before.
  OSSL_PROVIDER* fallback_ = nullptr;
  std::vector<std::pair<PropertyQuery, std::shared_ptr<const Algorithms>>> known_;
};

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_PROVIDER_CONTEXT_H_
