// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/recent_certificates.h"

#include <algorithm>
#include <utility>

#include "shim/libssl/error_mark.h"

namespace dtls13::shim {
namespace {

// Is encodes `certificate`: libcrypto has the signed part of one that is as it was parsed.
bool Is(X509* certificate, std::span<const uint8_t> der) {
  const int len = i2d_X509(certificate, nullptr);
  if (len <= 0 || static_cast<size_t>(len) != der.size()) return false;
  std::vector<uint8_t> encoded(der.size());
  unsigned char* out = encoded.data();
  return i2d_X509(certificate, &out) == len && std::ranges::equal(encoded, der);
}

}  // namespace

OpenSslPtr<X509> RecentCertificates::Find(std::span<const uint8_t> der) {
  ErrorMark mark;
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(
      certificates_.begin(), certificates_.end(),
      [der](const OpenSslPtr<X509>& certificate) { return Is(certificate.get(), der); });
  if (found == certificates_.end() || X509_up_ref(found->get()) != 1) return nullptr;
  OpenSslPtr<X509> reference(found->get());
  std::rotate(certificates_.begin(), found, found + 1);
  return reference;
}

void RecentCertificates::Keep(X509* certificate) {
  ErrorMark mark;
  const int len = i2d_X509(certificate, nullptr);
  if (len <= 0 || static_cast<size_t>(len) > kMaxLen) return;
  if (X509_get0_pubkey(certificate) == nullptr || X509_up_ref(certificate) != 1) return;
  OpenSslPtr<X509> reference(certificate);
  std::lock_guard lock(mutex_);
  certificates_.insert(certificates_.begin(), std::move(reference));
  if (certificates_.size() > kMaxCertificates) certificates_.pop_back();
}

}  // namespace dtls13::shim
