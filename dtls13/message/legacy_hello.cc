// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/legacy_hello.h"

#include <algorithm>
#include <functional>

#include "dtls13/message/client_hello.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {
namespace {

// Extensions that DTLS 1.2 has in a ClientHello and DTLS 1.3 has no more: srp, ec_point_formats,
// encrypt_then_mac, extended_master_secret, session_ticket, renegotiation_info.
//= rfc8446#appendix-D.5
//# MUST NOT use the Truncated HMAC extension, defined in Section 7 of
//# [RFC6066],
constexpr uint16_t kLegacyExtensions[] = {12, 11, 22, 23, 35, 0xff01};

// ecdsa_sha1 and rsa_pkcs1_sha1, which no list of DTLS 1.3's own holds.
bool IsSha1Scheme(uint16_t scheme) { return scheme == 0x0203 || scheme == 0x0201; }

bool IsLegacyExtension(ExtensionType type) {
  return std::ranges::find(kLegacyExtensions, static_cast<uint16_t>(type)) !=
         std::end(kLegacyExtensions);
}

std::vector<uint16_t> Values(const CodePointList& list) {
  std::vector<uint16_t> values(list.size());
  for (size_t i = 0; i < list.size(); ++i) values[i] = list[i];
  return values;
}

std::vector<uint16_t> ReadList(const ExtensionBlock& extensions, ExtensionType type) {
  const auto data = extensions.Find(type);
  const auto list = data.has_value() ? ParseCodePointList(*data) : std::nullopt;
  return list.has_value() ? Values(*list) : std::vector<uint16_t>();
}

}  // namespace

std::optional<LegacyHello> ReadLegacyHello(std::span<const uint8_t> body) {
  const auto hello = ParseClientHello(body);
  if (!hello.has_value() || OffersDtls13(*hello)) return std::nullopt;
  LegacyHello legacy;
  legacy.random.assign(hello->random.begin(), hello->random.end());
  legacy.session_id.assign(hello->legacy_session_id.begin(), hello->legacy_session_id.end());
  legacy.versions = {hello->legacy_version};
  legacy.cipher_suites = Values(hello->cipher_suites);
  legacy.groups = ReadList(hello->extensions, ExtensionType::kSupportedGroups);
  legacy.signature_schemes = ReadList(hello->extensions, ExtensionType::kSignatureAlgorithms);
  //= rfc8446#section-4.2.3
  //# Clients offering these values MUST list them as the lowest priority
  //# (listed after all other algorithms in SignatureSchemeList).
  std::stable_partition(legacy.signature_schemes.begin(), legacy.signature_schemes.end(),
                        std::not_fn(IsSha1Scheme));
  ByteReader at = hello->extensions.Begin();
  Extension extension;
  while (ExtensionBlock::Next(&at, &extension)) {
    if (!IsLegacyExtension(extension.type)) continue;
    legacy.extensions.push_back({.type = static_cast<uint16_t>(extension.type),
                                 .data = {extension.data.begin(), extension.data.end()}});
  }
  return legacy;
}

}  // namespace dtls13
