// SPDX-License-Identifier: Apache-2.0
#include "provider/kdf.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "dtls13/crypto/hkdf_label.h"
#include "provider/dispatch.h"
#include "provider/params.h"
#include "provider/provider_context.h"
#include "provider/reason.h"

namespace dtls13::provider {
namespace {

// A PSK, RFC 8446 section 4.2.11's longest input to the key schedule, may be this long.
constexpr size_t kMaxKeyLen = 65535;
constexpr size_t kMaxBlocks = 255;  // RFC 5869 section 2.3

// Kdf is one EVP_KDF_CTX. Its parameters are those of the default provider's TLS13-KDF.
class Kdf {
 public:
  explicit Kdf(ProviderContext* provider) : provider_(provider) {}
  Kdf(const Kdf&) = default;

  static Kdf* Of(void* kdf) { return static_cast<Kdf*>(kdf); }
  ProviderContext* provider() const { return provider_; }

  bool SetParameters(const OSSL_PARAM params[]);
  bool GetParameters(OSSL_PARAM params[]) const;
  bool Derive(std::span<uint8_t> out);

 private:
  enum class Mode : uint8_t { kExpand, kExtract };

  bool SetMode(const OSSL_PARAM* param);
  bool SetDigest(const OSSL_PARAM params[]);
  bool SetPrefix(const OSSL_PARAM params[]);
  bool Expand(const Algorithms& algorithms, std::span<uint8_t> out);
  bool Extract(const Algorithms& algorithms, std::span<uint8_t> out);
  std::string_view label() const;

  ProviderContext* provider_;
  Mode mode_ = Mode::kExpand;
  LabelPrefix prefix_ = LabelPrefix::kDtls13;
  std::optional<HashId> hash_;
  PropertyQuery query_;
  OctetString key_;
  OctetString salt_;
  OctetString label_;
  OctetString data_;
};

std::string_view Kdf::label() const {
  return {reinterpret_cast<const char*>(label_.bytes().data()), label_.bytes().size()};
}

bool Kdf::SetMode(const OSSL_PARAM* param) {
  if (param == nullptr) return true;
  constexpr struct {
    const char* name;
    int number;
    Mode mode;
  } kModes[] = {{"EXPAND_ONLY", EVP_KDF_HKDF_MODE_EXPAND_ONLY, Mode::kExpand},
                {"EXTRACT_ONLY", EVP_KDF_HKDF_MODE_EXTRACT_ONLY, Mode::kExtract}};
  const char* name = nullptr;
  int number = -1;
  // By its type first: a try that fails raises an error from OpenSSL 3.2 on.
  const bool is_text =
      (param->data_type == OSSL_PARAM_UTF8_STRING || param->data_type == OSSL_PARAM_UTF8_PTR) &&
      OSSL_PARAM_get_utf8_string_ptr(param, &name) == 1;
  const bool is_number =
      (param->data_type == OSSL_PARAM_INTEGER || param->data_type == OSSL_PARAM_UNSIGNED_INTEGER) &&
      OSSL_PARAM_get_int(param, &number) == 1;
  if (is_text || is_number) {
    for (const auto& known : kModes) {
      if (is_text ? OPENSSL_strcasecmp(name, known.name) == 0 : number == known.number) {
        mode_ = known.mode;
        return true;
      }
    }
  }
  return provider_->Fail(Reason::kInvalidMode, "the mode is EXPAND_ONLY or EXTRACT_ONLY, not %s",
                         is_text ? name : std::to_string(number).c_str());
}

// A suite's hash is what a digest can be here, by any of the names that libcrypto has for it.
bool Kdf::SetDigest(const OSSL_PARAM params[]) {
  std::optional<std::string> name;
  if (!ReadText(*provider_, params, OSSL_KDF_PARAM_DIGEST, &name)) return false;
  if (!name) return true;
  constexpr struct {
    HashId hash;
    const char* names[3];
  } kHashes[] = {{HashId::kSha256, {"SHA2-256", "SHA-256", "SHA256"}},
                 {HashId::kSha384, {"SHA2-384", "SHA-384", "SHA384"}}};
  for (const auto& known : kHashes) {
    if (std::ranges::any_of(known.names, [&](const char* known_name) {
          return OPENSSL_strcasecmp(name->c_str(), known_name) == 0;
        })) {
      hash_ = known.hash;
      return true;
    }
  }
  return provider_->Fail(Reason::kInvalidDigest, "the digest is SHA2-256 or SHA2-384, not '%s'",
                         name->c_str());
}

bool Kdf::SetPrefix(const OSSL_PARAM params[]) {
  OctetString prefix;
  if (!ReadOctets(*provider_, params, OSSL_KDF_PARAM_PREFIX, kMaxLabelLen, &prefix)) return false;
  if (OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_PREFIX) == nullptr) return true;
  for (const LabelPrefix known : {LabelPrefix::kDtls13, LabelPrefix::kTls13}) {
    if (std::ranges::equal(prefix.bytes(), PrefixText(known),
                           [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); })) {
      prefix_ = known;
      return true;
    }
  }
  return provider_->Fail(Reason::kInvalidPrefix,
                         "the prefix is 'dtls13', or 'tls13 ' for drafts and for TLS");
}

bool Kdf::SetParameters(const OSSL_PARAM params[]) {
  if (params == nullptr) return true;
  if (!SetMode(OSSL_PARAM_locate_const(params, OSSL_KDF_PARAM_MODE)) || !SetDigest(params) ||
      !ReadText(*provider_, params, OSSL_KDF_PARAM_PROPERTIES, &query_) || !SetPrefix(params) ||
      !ReadOctets(*provider_, params, OSSL_KDF_PARAM_KEY, kMaxKeyLen, &key_) ||
      !ReadOctets(*provider_, params, OSSL_KDF_PARAM_SALT, kMaxKeyLen, &salt_) ||
      !ReadOctets(*provider_, params, OSSL_KDF_PARAM_LABEL, kMaxKeyLen, &label_) ||
      !ReadOctets(*provider_, params, OSSL_KDF_PARAM_DATA, kMaxKeyLen, &data_)) {
    return false;
  }
  if (label_.bytes().size() > kMaxLabelLen) {
    return provider_->Fail(Reason::kInvalidLabel, "a label has at most %zu bytes, not %zu",
                           kMaxLabelLen, label_.bytes().size());
  }
  if (data_.bytes().size() > kMaxContextLen) {
    return provider_->Fail(Reason::kInvalidData, "the data has at most %zu bytes, not %zu",
                           kMaxContextLen, data_.bytes().size());
  }
  return true;
}

bool Kdf::GetParameters(OSSL_PARAM params[]) const {
  OSSL_PARAM* const param = OSSL_PARAM_locate(params, OSSL_KDF_PARAM_SIZE);
  if (param == nullptr) return true;
  if (mode_ == Mode::kExpand) return OSSL_PARAM_set_size_t(param, SIZE_MAX) == 1;
  if (!hash_) return provider_->Fail(Reason::kInvalidDigest, "there is no digest");
  return OSSL_PARAM_set_size_t(param, HashLen(*hash_)) == 1;
}

bool Kdf::Expand(const Algorithms& algorithms, std::span<uint8_t> out) {
  if (key_.empty()) return provider_->Fail(Reason::kNoKey, "there is no key to expand");
  if (out.empty() || out.size() > kMaxBlocks * HashLen(*hash_)) {
    return provider_->Fail(Reason::kInvalidOutputLength, "an expansion has 1 to %zu bytes, not %zu",
                           kMaxBlocks * HashLen(*hash_), out.size());
  }
  return HkdfExpandLabel(algorithms, *hash_, key_.bytes(), prefix_, label(), data_.bytes(), out) ||
         provider_->Fail(Reason::kLibcrypto, "HKDF-Expand-Label failed");
}

// RFC 8446 section 7.1's step from one secret to the next: Derive-Secret(salt, label, ""), and
// HKDF-Extract of the key with that. The first has no salt; one without a key has zeros.
bool Kdf::Extract(const Algorithms& algorithms, std::span<uint8_t> out) {
  const size_t hash_len = HashLen(*hash_);
  if (out.size() != hash_len) {
    return provider_->Fail(Reason::kInvalidOutputLength, "an extraction has %zu bytes, not %zu",
                           hash_len, out.size());
  }
  const HashValue zeros{.bytes = {}, .len = hash_len};
  std::optional<Hkdf> hkdf = Hkdf::Create(algorithms, *hash_, prefix_);
  Secret salt;
  bool ok = hkdf.has_value();
  if (ok && !salt_.empty()) {
    salt = DeriveSecret(algorithms, *hash_, salt_.bytes(), prefix_, label(),
                        algorithms.empty_hash(*hash_).view());
    ok = !salt.empty();
  }
  Secret secret;
  if (ok) secret = hkdf->Extract(salt.bytes(), key_.empty() ? zeros.view() : key_.bytes());
  if (secret.empty()) return provider_->Fail(Reason::kLibcrypto, "HKDF-Extract failed");
  std::ranges::copy(secret.bytes(), out.begin());
  return true;
}

bool Kdf::Derive(std::span<uint8_t> out) {
  if (!provider_->CheckRunning()) return false;
  if (!hash_) return provider_->Fail(Reason::kInvalidDigest, "there is no digest");
  const std::shared_ptr<const Algorithms> algorithms = provider_->FindHash(query_, *hash_);
  if (algorithms == nullptr) return false;
  return mode_ == Mode::kExpand ? Expand(*algorithms, out) : Extract(*algorithms, out);
}

void* NewKdf(void* provider) {
  if (!ProviderContext::Of(provider)->CheckRunning()) return nullptr;
  return new (std::nothrow) Kdf(ProviderContext::Of(provider));
}

void* DuplicateKdf(void* kdf) { return new (std::nothrow) Kdf(*Kdf::Of(kdf)); }

void FreeKdf(void* kdf) { delete Kdf::Of(kdf); }

void ResetKdf(void* kdf) {
  ProviderContext* const provider = Kdf::Of(kdf)->provider();
  std::destroy_at(Kdf::Of(kdf));
  new (kdf) Kdf(provider);
}

int DeriveKdf(void* kdf, unsigned char* out, size_t out_len, const OSSL_PARAM params[]) {
  return Kdf::Of(kdf)->SetParameters(params) && Kdf::Of(kdf)->Derive({out, out_len});
}

int SetKdfParameters(void* kdf, const OSSL_PARAM params[]) {
  return Kdf::Of(kdf)->SetParameters(params);
}

int GetKdfParameters(void* kdf, OSSL_PARAM params[]) { return Kdf::Of(kdf)->GetParameters(params); }

const OSSL_PARAM* SettableKdfParameters(void* /*kdf*/, void* /*provider*/) {
  static const OSSL_PARAM kSettable[] = {
      OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_MODE, nullptr, 0),
      OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, nullptr),
      OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_PROPERTIES, nullptr, 0),
      OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PREFIX, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_KDF_PARAM_LABEL, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_KDF_PARAM_DATA, nullptr, 0),
      OSSL_PARAM_END};
  return kSettable;
}

const OSSL_PARAM* GettableKdfParameters(void* /*kdf*/, void* /*provider*/) {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_KDF_PARAM_SIZE, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

}  // namespace

std::span<const OSSL_ALGORITHM> KdfAlgorithms() {
  static const OSSL_DISPATCH kFunctions[] = {
      Entry(OSSL_FUNC_KDF_NEWCTX, NewKdf),
      Entry(OSSL_FUNC_KDF_DUPCTX, DuplicateKdf),
      Entry(OSSL_FUNC_KDF_FREECTX, FreeKdf),
      Entry(OSSL_FUNC_KDF_RESET, ResetKdf),
      Entry(OSSL_FUNC_KDF_DERIVE, DeriveKdf),
      Entry(OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, SettableKdfParameters),
      Entry(OSSL_FUNC_KDF_SET_CTX_PARAMS, SetKdfParameters),
      Entry(OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, GettableKdfParameters),
      Entry(OSSL_FUNC_KDF_GET_CTX_PARAMS, GetKdfParameters),
      {0, nullptr}};
  static const OSSL_ALGORITHM kAlgorithms[] = {
      {"DTLS13-KDF", kDefinition, kFunctions, "HKDF-Expand-Label and Derive-Secret of DTLS 1.3"}};
  return kAlgorithms;
}

}  // namespace dtls13::provider
