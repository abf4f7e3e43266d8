// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk_importer.h"

#include <limits>
#include <utility>

#include "dtls13/crypto/hkdf_label.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {
namespace {

constexpr size_t kMaxIdentityLen = std::numeric_limits<uint16_t>::max();

}  // namespace

std::vector<uint8_t> SerializeImportedIdentity(const ImportedIdentity& identity) {
  if (identity.external_identity.empty()) return {};
  std::vector<uint8_t> bytes;
  ByteWriter writer(&bytes);
  writer.WriteVector16(identity.external_identity);
  writer.WriteVector16(identity.context);
  writer.WriteU16(identity.target_protocol);
  writer.WriteU16(static_cast<uint16_t>(identity.target_kdf));
  //= rfc9258#section-5.1
  //# Therefore, the PSK importer interface SHOULD reject
  //# any ImportedIdentity that exceeds this size.
  if (!writer.ok() || bytes.size() > kMaxIdentityLen) return {};
  return bytes;
}

std::optional<ImportedIdentity> ParseImportedIdentity(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  std::span<const uint8_t> external_identity, context;
  ImportedIdentity identity;
  uint16_t target_kdf;
  if (!reader.ReadVector16(&external_identity) || external_identity.empty() ||
      !reader.ReadVector16(&context) || !reader.ReadU16(&identity.target_protocol) ||
      !reader.ReadU16(&target_kdf) || !reader.empty()) {
    return std::nullopt;
  }
  identity.external_identity.assign(external_identity.begin(), external_identity.end());
  identity.context.assign(context.begin(), context.end());
  identity.target_kdf = static_cast<KdfId>(target_kdf);
  return identity;
}

std::optional<ExternalPsk> ImportPsk(const Algorithms& algorithms, const WireProfile& profile,
                                     const Epsk& external, HashId target) {
  if (external.key.empty()) return std::nullopt;
  ImportedIdentity identity;
  identity.external_identity.assign(external.external_identity.begin(),
                                    external.external_identity.end());
  identity.context.assign(external.context.begin(), external.context.end());
  //= rfc9258#section-5.1
  //# ImportedIdentity.target_protocol MUST be the (D)TLS protocol version
  //# for which the PSK is being imported.
  identity.target_protocol = profile.version;
  identity.target_kdf = target == HashId::kSha256 ? KdfId::kHkdfSha256 : KdfId::kHkdfSha384;
  ExternalPsk imported;
  imported.identity = SerializeImportedIdentity(identity);
  imported.hash = target;
  imported.imported = true;
  if (imported.identity.empty()) return std::nullopt;
  // The external PSK's hash does all of this; the target's hash gives only the length.
  const auto identity_hash = Hash(algorithms, external.hash, imported.identity);
  auto hkdf = Hkdf::Create(algorithms, external.hash, profile.label_prefix);
  if (!identity_hash.has_value() || !hkdf.has_value()) return std::nullopt;
  const Secret epskx = hkdf->Extract({}, external.key);
  if (epskx.empty() || !hkdf->SetSecret(epskx.bytes())) return std::nullopt;
  imported.key = hkdf->ExpandSecret("derived psk", identity_hash->view(), HashLen(target));
  if (imported.key.empty()) return std::nullopt;
  return imported;
}

}  // namespace dtls13
