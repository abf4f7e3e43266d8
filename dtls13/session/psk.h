// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_PSK_H_
#define DTLS13_SESSION_PSK_H_

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// PskKey is the key of an external PSK, which may be longer than any secret of the handshake.
// Move-only; cleansed on destruction.
class PskKey {
 public:
  PskKey() = default;
  PskKey(const Secret& secret) : PskKey(CopyOf(secret.bytes())) {}  // NOLINT: each Secret is a key
  static PskKey CopyOf(std::span<const uint8_t> bytes);

  PskKey(PskKey&& other) noexcept : bytes_(std::move(other.bytes_)) {}
  PskKey& operator=(PskKey&& other) noexcept;
  PskKey(const PskKey&) = delete;
  PskKey& operator=(const PskKey&) = delete;
  ~PskKey() { Cleanse(bytes_); }

  std::span<const uint8_t> bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<uint8_t> bytes_;  // never grows: that would leave a copy
};

// ExternalPsk is a key that both sides were given by other means than a handshake, RFC 8446 section
// 2.2: never a password, which whoever sees the handshake could guess at leisure.
//= rfc8446#section-2.2
//# When PSKs are provisioned out of band, the PSK identity and the KDF
//# hash algorithm to be used with the PSK MUST also be provisioned.
struct ExternalPsk {
  std::vector<uint8_t> identity;  // 1 to 65535 bytes
  PskKey key;
  //= rfc8446#section-4.2.11
  //# For externally established PSKs, the Hash algorithm MUST be set when
  //# the PSK is established or default to SHA-256 if no such algorithm is
  //# defined.
  HashId hash = HashId::kSha256;
  // `identity` and `key` were made by RFC 9258's importer, not taken as they are.
  bool imported = false;
};

// Psk is one pre-shared key, whichever way it came about: a session of an earlier connection, or
// external. Shared and constant, so that copies hold no second copy of the key. An empty Psk is
// none.
class Psk {
 public:
  Psk() = default;
  // Neither may be null.
  explicit Psk(std::shared_ptr<const Session> session) : session_(std::move(session)) {}
  explicit Psk(std::shared_ptr<const ExternalPsk> external) : external_(std::move(external)) {}

  bool empty() const { return session_ == nullptr && external_ == nullptr; }
  // The session is null for an external key.
  const Session* session() const { return session_.get(); }
  const std::shared_ptr<const Session>& shared_session() const { return session_; }

  // Not for an empty Psk.
  std::span<const uint8_t> identity() const;
  std::span<const uint8_t> key() const;
  HashId hash() const;
  KeySchedule::PskKind kind() const;

 private:
  std::shared_ptr<const Session> session_;
  std::shared_ptr<const ExternalPsk> external_;
};

// PskSelection is the key both sides agree on: its place in the client's offer and how it is used.
struct PskSelection {
  Psk psk;
  uint16_t index = 0;
  PskKeyExchangeMode mode = PskKeyExchangeMode::kPskDheKe;
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_PSK_H_
