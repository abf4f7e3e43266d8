// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_PSK_IMPORTER_H_
#define DTLS13_SESSION_PSK_IMPORTER_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// KdfId is the "TLS KDF Identifiers" registry, RFC 9258 section 10.
enum class KdfId : uint16_t { kHkdfSha256 = 0x0001, kHkdfSha384 = 0x0002 };

// ImportedIdentity, RFC 9258 section 5.1: what goes out as the identity of an imported PSK.
struct ImportedIdentity {
  std::vector<uint8_t> external_identity;  // 1 byte or more
  std::vector<uint8_t> context;
  uint16_t target_protocol = 0;
  KdfId target_kdf{};
};

// SerializeImportedIdentity is empty for an identity that is empty or that no ClientHello can
// carry.
std::vector<uint8_t> SerializeImportedIdentity(const ImportedIdentity& identity);

// ParseImportedIdentity returns nothing for bytes that have not this form. Any other identity may
// have it by chance, so a server looks for the external identity among those that it imports.
std::optional<ImportedIdentity> ParseImportedIdentity(std::span<const uint8_t> bytes);

// Epsk is an external PSK before it is imported, RFC 9258 section 3. It views its caller's memory.
// Its key serves no other purpose than to be imported, and its hash is one for good.
struct Epsk {
  std::span<const uint8_t> external_identity;
  std::span<const uint8_t> key;
  //= rfc9258#section-5.1
  //# If the
  //# EPSK does not have such an associated hash function, SHA-256 [SHA2]
  //# SHOULD be used.
  HashId hash = HashId::kSha256;
  // The context that the key was derived from or for: roles, channel bindings. Both sides must have
  // the same.
  std::span<const uint8_t> context;
};

// ImportPsk makes the IPSK for the DTLS 1.3 of `profile` and for suites with the hash `target`.
// Nothing when the identity is empty or too long, the key is empty, or libcrypto fails.
std::optional<ExternalPsk> ImportPsk(const Algorithms& algorithms, const WireProfile& profile,
                                     const Epsk& external, HashId target);

}  // namespace dtls13

#endif  // DTLS13_SESSION_PSK_IMPORTER_H_
