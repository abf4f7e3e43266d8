// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/transcript_provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "dtls13/crypto/openssl_ptr.h"
#include "shim/libssl/error_mark.h"

namespace dtls13::shim {
namespace {

constexpr char kProvider[] = "dtls13-transcript";
// A property of its own: an application may have a wish about providers.
constexpr char kDefinition[] = "provider=dtls13-transcript,dtls13.transcript=yes";
constexpr char kWish[] = "?dtls13.transcript=yes";
// What the digests are made of: never of themselves.
constexpr char kOthers[] = "provider!=dtls13-transcript";

// --- The corrections in force

std::mutex& Mutex() {
  // Never destroyed: handshakes may outlive static destructors.
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

// Few at a time: one for each handshake that is under way in this way.
std::vector<const TranscriptCorrection*>& Corrections() {
  static auto& corrections = *new std::vector<const TranscriptCorrection*>;
  return corrections;
}

std::atomic<size_t> num_corrections{0};

// Corrected returns the message to hash in place of the first `*num_replaced` bytes of `data`.
std::optional<std::vector<uint8_t>> Corrected(std::span<const uint8_t> data, size_t* num_replaced) {
  if (num_corrections.load(std::memory_order_acquire) == 0) return std::nullopt;
  std::lock_guard lock(Mutex());
  for (const TranscriptCorrection* correction : Corrections()) {
    const std::vector<uint8_t>& written = correction->written();
    if (data.size() < written.size() || !std::equal(written.begin(), written.end(), data.begin())) {
      continue;
    }
    *num_replaced = written.size();
    return correction->sent();
  }
  return std::nullopt;
}

// --- The digests

// Digest is one hash of a DTLS 1.2 handshake or of a CertificateVerify in it. Sizes are in bytes.
struct Digest {
  const char* names;
  const char* name;
  size_t block_len;
  size_t len;
};
constexpr Digest kDigests[] = {
    {"SHA2-256:SHA-256:SHA256", "SHA2-256", 64, 32},
    {"SHA2-384:SHA-384:SHA384", "SHA2-384", 128, 48},
    {"SHA2-512:SHA-512:SHA512", "SHA2-512", 128, 64},
    {"SHA2-224:SHA-224:SHA224", "SHA2-224", 64, 28},
    {"SHA1:SHA-1", "SHA1", 64, 20},
    {"MD5-SHA1", "MD5-SHA1", 64, 36},
};

struct Context {
  OpenSslPtr<EVP_MD> digest;
  OpenSslPtr<EVP_MD_CTX> state;
  bool has_begun = false;
};

Context* Of(void* context) { return static_cast<Context*>(context); }

// The provider's context is the library context it is in.
template <size_t kIndex>
void* NewContext(void* library_context) {
  auto context = std::unique_ptr<Context>(new (std::nothrow) Context);
  if (context == nullptr) return nullptr;
  context->digest.reset(
      EVP_MD_fetch(static_cast<OSSL_LIB_CTX*>(library_context), kDigests[kIndex].name, kOthers));
  context->state.reset(EVP_MD_CTX_new());
  if (context->digest == nullptr || context->state == nullptr) return nullptr;
  return context.release();
}

void FreeContext(void* context) { delete Of(context); }

void* DuplicateContext(void* context) {
  auto copy = std::unique_ptr<Context>(new (std::nothrow) Context);
  if (copy == nullptr || EVP_MD_up_ref(Of(context)->digest.get()) != 1) return nullptr;
  copy->digest.reset(Of(context)->digest.get());
  copy->state.reset(EVP_MD_CTX_new());
  copy->has_begun = Of(context)->has_begun;
  if (copy->state == nullptr ||
      EVP_MD_CTX_copy_ex(copy->state.get(), Of(context)->state.get()) != 1) {
    return nullptr;
  }
  return copy.release();
}

int Init(void* context, const OSSL_PARAM params[]) {
  Of(context)->has_begun = false;
  return EVP_DigestInit_ex2(Of(context)->state.get(), Of(context)->digest.get(), params);
}

int Update(void* context, const unsigned char* in, size_t len) {
  EVP_MD_CTX* state = Of(context)->state.get();
  std::span<const uint8_t> data(in, len);
  if (!Of(context)->has_begun && !data.empty()) {
    Of(context)->has_begun = true;
    size_t num_replaced = 0;
    if (const auto sent = Corrected(data, &num_replaced)) {
      if (EVP_DigestUpdate(state, sent->data(), sent->size()) != 1) return 0;
      data = data.subspan(num_replaced);
    }
  }
  return EVP_DigestUpdate(state, data.data(), data.size());
}

int Final(void* context, unsigned char* out, size_t* out_len, size_t max_len) {
  const auto len = static_cast<size_t>(EVP_MD_get_size(Of(context)->digest.get()));
  if (max_len < len || EVP_DigestFinal_ex(Of(context)->state.get(), out, nullptr) != 1) return 0;
  *out_len = len;
  return 1;
}

template <size_t kIndex>
int GetParameters(OSSL_PARAM params[]) {
  const auto set_len = [params](const char* key, size_t value) {
    OSSL_PARAM* param = OSSL_PARAM_locate(params, key);
    return param == nullptr || OSSL_PARAM_set_size_t(param, value) == 1;
  };
  const auto set_flag = [params](const char* key, int value) {
    OSSL_PARAM* param = OSSL_PARAM_locate(params, key);
    return param == nullptr || OSSL_PARAM_set_int(param, value) == 1;
  };
  return set_len(OSSL_DIGEST_PARAM_BLOCK_SIZE, kDigests[kIndex].block_len) &&
         set_len(OSSL_DIGEST_PARAM_SIZE, kDigests[kIndex].len) &&
         set_flag(OSSL_DIGEST_PARAM_XOF, 0) && set_flag(OSSL_DIGEST_PARAM_ALGID_ABSENT, 1);
}

const OSSL_PARAM* GettableParameters(void* /*provider*/) {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_DIGEST_PARAM_BLOCK_SIZE, nullptr),
                                         OSSL_PARAM_size_t(OSSL_DIGEST_PARAM_SIZE, nullptr),
                                         OSSL_PARAM_int(OSSL_DIGEST_PARAM_XOF, nullptr),
                                         OSSL_PARAM_int(OSSL_DIGEST_PARAM_ALGID_ABSENT, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

template <typename Function>
OSSL_DISPATCH Entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)(void)>(function)};
}

template <size_t kIndex>
const OSSL_DISPATCH* Functions() {
  static const OSSL_DISPATCH kFunctions[] = {
      Entry(OSSL_FUNC_DIGEST_NEWCTX, NewContext<kIndex>),
      Entry(OSSL_FUNC_DIGEST_FREECTX, FreeContext),
      Entry(OSSL_FUNC_DIGEST_DUPCTX, DuplicateContext),
      Entry(OSSL_FUNC_DIGEST_INIT, Init),
      Entry(OSSL_FUNC_DIGEST_UPDATE, Update),
      Entry(OSSL_FUNC_DIGEST_FINAL, Final),
      Entry(OSSL_FUNC_DIGEST_GET_PARAMS, GetParameters<kIndex>),
      Entry(OSSL_FUNC_DIGEST_GETTABLE_PARAMS, GettableParameters),
      {0, nullptr}};
  return kFunctions;
}

template <size_t kIndex>
OSSL_ALGORITHM Algorithm() {
  return {kDigests[kIndex].names, kDefinition, Functions<kIndex>(), nullptr};
}

const OSSL_ALGORITHM* QueryOperation(void* /*provider*/, int operation, int* no_cache) {
  static const OSSL_ALGORITHM kAlgorithms[] = {Algorithm<0>(),
                                               Algorithm<1>(),
                                               Algorithm<2>(),
                                               Algorithm<3>(),
                                               Algorithm<4>(),
                                               Algorithm<5>(),
                                               {nullptr, nullptr, nullptr, nullptr}};
  static_assert(std::size(kDigests) == 6);
  *no_cache = 0;
  return operation == OSSL_OP_DIGEST ? kAlgorithms : nullptr;
}

// --- The provider

// libcrypto does not tell a provider which library context it is in, other than by a child of it,
// which would not have the application's providers.
thread_local OSSL_LIB_CTX* loading_into = nullptr;

int InitProvider(const OSSL_CORE_HANDLE* /*handle*/, const OSSL_DISPATCH* /*in*/,
                 const OSSL_DISPATCH** out, void** provider_context) {
  static const OSSL_DISPATCH kFunctions[] = {
      Entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, QueryOperation), {0, nullptr}};
  *out = kFunctions;
  *provider_context = loading_into;
  return loading_into != nullptr;
}

// Whoever asks for a digest without saying whose must get what it got before: libcrypto takes the
// one that it has known for longer.
bool OthersComeFirst(OSSL_LIB_CTX* library_context) {
  return std::ranges::all_of(kDigests, [library_context](const Digest& digest) {
    OpenSslPtr<EVP_MD> first(EVP_MD_fetch(library_context, digest.name, nullptr));
    return first == nullptr ||
           std::string_view(OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(first.get()))) !=
               kProvider;
  });
}

// LoadMutex is another: libcrypto may hash while it loads.
std::mutex& LoadMutex() {
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

// Load activates the provider in `library_context` once more. Null where that may not be. Needs
// LoadMutex().
OSSL_PROVIDER* Load(OSSL_LIB_CTX* library_context) {
  // A context under FIPS rules is to hold nothing else.
  if (EVP_default_properties_is_fips_enabled(library_context) == 1 ||
      OSSL_PROVIDER_available(library_context, "fips") == 1 || !OthersComeFirst(library_context)) {
    return nullptr;
  }
  const auto try_load = [library_context] {
    loading_into = library_context;
    OSSL_PROVIDER* provider =
        OSSL_PROVIDER_try_load(library_context, kProvider, /*retain_fallbacks=*/1);
    loading_into = nullptr;
    return provider;
  };
  // A context that has had it knows it still.
  OSSL_PROVIDER* provider = try_load();
  if (provider == nullptr &&
      OSSL_PROVIDER_add_builtin(library_context, kProvider, InitProvider) == 1) {
    provider = try_load();
  }
  if (provider == nullptr || OthersComeFirst(library_context)) return provider;
  OSSL_PROVIDER_unload(provider);
  return nullptr;
}

}  // namespace

TranscriptDigests::TranscriptDigests(OSSL_LIB_CTX* library_context, const char* property_query) {
  ErrorMark mark;
  // The call changes nothing, and returns the default one of this thread.
  if (library_context == nullptr) library_context = OSSL_LIB_CTX_set0_default(nullptr);
  if (property_query != nullptr && *property_query != '\0') {
    property_query_ = std::string(property_query) + ",";
  }
  property_query_ += kWish;
  std::lock_guard lock(LoadMutex());
  provider_ = Load(library_context);
  if (provider_ == nullptr) return;
  // Where the application asks for another provider, its wish goes before ours.
  OpenSslPtr<EVP_MD> chosen(
      EVP_MD_fetch(library_context, kDigests[0].name, property_query_.c_str()));
  if (chosen != nullptr &&
      std::string_view(OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(chosen.get()))) == kProvider) {
    return;
  }
  OSSL_PROVIDER_unload(provider_);
  provider_ = nullptr;
}

TranscriptDigests::~TranscriptDigests() {
  if (provider_ == nullptr) return;
  std::lock_guard lock(LoadMutex());
  OSSL_PROVIDER_unload(provider_);
}

TranscriptDigests::TranscriptDigests(TranscriptDigests&& other) noexcept
    : provider_(std::exchange(other.provider_, nullptr)),
      property_query_(std::move(other.property_query_)) {}

TranscriptDigests& TranscriptDigests::operator=(TranscriptDigests&& other) noexcept {
  std::swap(provider_, other.provider_);
  std::swap(property_query_, other.property_query_);
  return *this;
}

TranscriptCorrection::TranscriptCorrection(std::vector<uint8_t> written, std::vector<uint8_t> sent)
    : written_(std::move(written)), sent_(std::move(sent)) {
  std::lock_guard lock(Mutex());
  Corrections().push_back(this);
  num_corrections.store(Corrections().size(), std::memory_order_release);
}

TranscriptCorrection::~TranscriptCorrection() {
  std::lock_guard lock(Mutex());
  std::erase(Corrections(), this);
  num_corrections.store(Corrections().size(), std::memory_order_release);
}

}  // namespace dtls13::shim
