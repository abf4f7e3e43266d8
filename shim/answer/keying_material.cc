// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/keying_material.h"

#include <optional>

#include "dtls13/message/use_srtp.h"

namespace dtls13::shim {
namespace {

constexpr std::string_view kSrtpLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 section 4.2

// ProfileLen is how much of `label` the negotiated DTLS-SRTP profile has use for; 0 where that does
// not matter.
size_t ProfileLen(const Association& association, std::string_view label,
                  std::span<const uint8_t> context) {
  const std::optional<SrtpProfile> profile = association.facts().result.connection.srtp_profile;
  if (!profile || label != kSrtpLabel || !context.empty()) return 0;
  return SrtpKeyingMaterialLen(*profile);
}

}  // namespace

bool ExportKeys(const SslAttachment& attachment, std::string_view label,
                std::span<const uint8_t> context, std::span<uint8_t> out) {
  const Association& association = *attachment.association();
  if (!association.ExportKeyingMaterial(label, context, out)) return false;
  const size_t profile_len = ProfileLen(association, label, context);
  if (profile_len == 0 || out.size() <= profile_len) return true;
  return association.ExportKeyingMaterial(label, context, out.first(profile_len));
}

}  // namespace dtls13::shim
