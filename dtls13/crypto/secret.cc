// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/secret.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>

namespace dtls13 {

Secret::Secret(size_t len) : len_(static_cast<uint8_t>(std::min(len, kMaxLen))) {
  assert(len <= kMaxLen);
}

Secret Secret::CopyOf(std::span<const uint8_t> bytes) {
  if (bytes.size() > kMaxLen) return Secret();
  Secret secret(bytes.size());
  std::copy(bytes.begin(), bytes.end(), secret.bytes_.begin());
  return secret;
}

bool Secret::Read(ByteReader* reader, Secret* out) {
  std::span<const uint8_t> bytes;
  if (!reader->ReadVector8(&bytes)) return false;
  *out = CopyOf(bytes);
  return out->size() == bytes.size();
}

Secret::Secret(Secret&& other) noexcept : bytes_(other.bytes_), len_(other.len_) {
  other.Cleanse();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  len_ = other.len_;
  other.Cleanse();
  return *this;
}

Secret::~Secret() { Cleanse(); }

void Secret::Cleanse() {
  // What is behind len_ is zero: bytes come in whole arrays or into one of zeros.
  dtls13::Cleanse(std::span(bytes_).first(len_));
  len_ = 0;
}

bool Secret::EqualsConstantTime(std::span<const uint8_t> other) const {
  return ConstantTimeEquals(bytes(), other);
}

void Cleanse(std::span<uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool ConstantTimeEquals(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace dtls13
