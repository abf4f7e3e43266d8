// SPDX-License-Identifier: Apache-2.0
#include "provider/params.h"

#include <cstring>

#include "dtls13/crypto/secret.h"
#include "provider/reason.h"

namespace dtls13::provider {

void OctetString::Assign(std::span<const uint8_t> bytes) {
  Clear();
  bytes_.assign(bytes.begin(), bytes.end());
}

void OctetString::Clear() {
  Cleanse(bytes_);
  bytes_.clear();
}

bool ReadOctets(const ProviderContext& provider, const OSSL_PARAM params[], const char* key,
                size_t max_len, OctetString* out) {
  const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, key);
  if (param == nullptr) return true;
  const void* data = nullptr;
  size_t len = 0;
  if (OSSL_PARAM_get_octet_string_ptr(param, &data, &len) != 1) {
    return provider.Fail(Reason::kInvalidParameter, "'%s' is an octet string", key);
  }
  if (len > max_len) {
    return provider.Fail(Reason::kInvalidParameter, "'%s' has at most %zu bytes, not %zu", key,
                         max_len, len);
  }
  out->Assign({static_cast<const uint8_t*>(data), len});
  return true;
}

bool ReadNumber(const ProviderContext& provider, const OSSL_PARAM params[], const char* key,
                uint64_t max, uint64_t* out) {
  const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, key);
  if (param == nullptr) return true;
  uint64_t value = 0;
  if (OSSL_PARAM_get_uint64(param, &value) != 1 || value > max) {
    return provider.Fail(Reason::kInvalidParameter, "'%s' is a number from 0 to %llu", key,
                         static_cast<unsigned long long>(max));
  }
  *out = value;
  return true;
}

bool ReadText(const ProviderContext& provider, const OSSL_PARAM params[], const char* key,
              std::optional<std::string>* out) {
  const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, key);
  if (param == nullptr) return true;
  const char* text = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(param, &text) != 1 || text == nullptr) {
    return provider.Fail(Reason::kInvalidParameter, "'%s' is a text", key);
  }
  // A caller counts the terminating NUL or does not, and there may be none.
  const size_t len = param->data_size == 0 ? std::strlen(text) : strnlen(text, param->data_size);
  if (len > kMaxTextLen) {
    return provider.Fail(Reason::kInvalidParameter, "'%s' has at most %zu characters", key,
                         kMaxTextLen);
  }
  out->emplace(text, len);
  return true;
}

bool WriteNumber(const ProviderContext& provider, OSSL_PARAM params[], const char* key,
                 uint64_t value) {
  OSSL_PARAM* param = OSSL_PARAM_locate(params, key);
  if (param == nullptr || OSSL_PARAM_set_uint64(param, value) == 1) return true;
  return provider.Fail(Reason::kInvalidParameter, "'%s' is a number", key);
}

}  // namespace dtls13::provider
