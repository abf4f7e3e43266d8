// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_PARAMS_H_
#define DTLS13_PROVIDER_PARAMS_H_

#include <openssl/params.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "provider/provider_context.h"

// OSSL_PARAMs read and written: each function says false, with an error on the queue, for one of a
// wrong type or out of range, and true where the array has none of that name.

namespace dtls13::provider {

// OctetString is what a caller gave, of any length within a bound; cleansed, for it may be a key.
class OctetString {
 public:
  OctetString() = default;
  OctetString(const OctetString& other) = default;
  OctetString& operator=(const OctetString& other) = delete;
  ~OctetString() { Clear(); }

  void Assign(std::span<const uint8_t> bytes);
  void Clear();
  std::span<const uint8_t> bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<uint8_t> bytes_;
};

[[nodiscard]] bool ReadOctets(const ProviderContext& provider, const OSSL_PARAM params[],
                              const char* key, size_t max_len, OctetString* out);
[[nodiscard]] bool ReadNumber(const ProviderContext& provider, const OSSL_PARAM params[],
                              const char* key, uint64_t max, uint64_t* out);
// ReadText takes at most kMaxTextLen characters.
inline constexpr size_t kMaxTextLen = 1024;
[[nodiscard]] bool ReadText(const ProviderContext& provider, const OSSL_PARAM params[],
                            const char* key, std::optional<std::string>* out);

// WriteNumber answers the question for `key`, if there is one.
[[nodiscard]] bool WriteNumber(const ProviderContext& provider, OSSL_PARAM params[],
                               const char* key, uint64_t value);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_PARAMS_H_
