// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk.h"

#include "dtls13/crypto/cipher_suite.h"

namespace dtls13 {

PskKey PskKey::CopyOf(std::span<const uint8_t> bytes) {
  PskKey key;
  key.bytes_.assign(bytes.begin(), bytes.end());
  return key;
}

PskKey& PskKey::operator=(PskKey&& other) noexcept {
  // What was here goes where it is cleansed.
  bytes_.swap(other.bytes_);
  return *this;
}

std::span<const uint8_t> Psk::identity() const {
  return session_ != nullptr ? std::span<const uint8_t>(session_->ticket) : external_->identity;
}

std::span<const uint8_t> Psk::key() const {
  return session_ != nullptr ? session_->psk.bytes() : external_->key.bytes();
}

HashId Psk::hash() const {
  if (session_ == nullptr) return external_->hash;
  const CipherSuite* suite = FindCipherSuite(session_->suite);
  return suite != nullptr ? suite->hash : HashId::kSha256;
}

KeySchedule::PskKind Psk::kind() const {
  if (session_ != nullptr) return KeySchedule::PskKind::kResumption;
  return external_->imported ? KeySchedule::PskKind::kImported : KeySchedule::PskKind::kExternal;
}

}  // namespace dtls13
