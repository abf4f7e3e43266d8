#include "dtls13/handshake/psk.h"

#include "dtls13/crypto/cipher_suite.h"

namespace dtls13 {

std::span<const uint8_t> Psk::identity() const {
  return session_ != nullptr ? std::span<const uint8_t>(session_->ticket) : external_->identity;
}

const Secret& Psk::key() const { return session_ != nullptr ? session_->psk : external_->key; }

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
