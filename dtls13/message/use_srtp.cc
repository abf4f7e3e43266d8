// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/use_srtp.h"

#include <algorithm>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

size_t SrtpKeyingMaterialLen(SrtpProfile profile) {
  struct Master {
    size_t key_len;
    size_t salt_len;
  };
  const auto of = [](Master master) { return 2 * (master.key_len + master.salt_len); };
  switch (profile) {
    case SrtpProfile::kAes128CmHmacSha1_80:
    case SrtpProfile::kAes128CmHmacSha1_32:
    case SrtpProfile::kAria128CtrHmacSha1_80:
    case SrtpProfile::kAria128CtrHmacSha1_32:
      return of({.key_len = 16, .salt_len = 14});
    case SrtpProfile::kAria256CtrHmacSha1_80:
    case SrtpProfile::kAria256CtrHmacSha1_32:
      return of({.key_len = 32, .salt_len = 14});
    case SrtpProfile::kAeadAes128Gcm:
    case SrtpProfile::kAeadAria128Gcm:
      return of({.key_len = 16, .salt_len = 12});
    case SrtpProfile::kAeadAes256Gcm:
    case SrtpProfile::kAeadAria256Gcm:
      return of({.key_len = 32, .salt_len = 12});
    case SrtpProfile::kDoubleAeadAes128Gcm:
      return of({.key_len = 32, .salt_len = 24});
    case SrtpProfile::kDoubleAeadAes256Gcm:
      return of({.key_len = 64, .salt_len = 24});
    case SrtpProfile::kNullHmacSha1_80:
    case SrtpProfile::kNullHmacSha1_32:
      break;
  }
  return 0;
}

//      uint8 SRTPProtectionProfile[2];
//      struct {
//          SRTPProtectionProfile SRTPProtectionProfiles<2..2^16-1>;
//          opaque srtp_mki<0..255>;
//      } UseSRTPData;
std::optional<UseSrtpView> ParseUseSrtp(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  UseSrtpView view;
  if (!reader.ReadVector16(&content) || !reader.ReadVector8(&view.mki) || !reader.empty()) {
    return std::nullopt;
  }
  const auto profiles = CodePointList::Parse(content);
  if (!profiles.has_value()) return std::nullopt;
  view.profiles = *profiles;
  return view;
}

void WriteUseSrtp(ByteWriter* writer, std::span<const SrtpProfile> profiles,
                  std::span<const uint8_t> mki) {
  WriteCodePointList(profiles, 2, writer);
  writer->WriteVector8(mki);
}

std::optional<SrtpProfile> SelectSrtpProfile(std::span<const SrtpProfile> ours,
                                             const UseSrtpView& offer) {
  //= rfc5764#section-4.1.1
  //# The server MUST NOT select a value that the
  //# client has not offered.  If there is no shared profile, the server
  //# SHOULD NOT return the use_srtp extension at which point the
  //# connection falls back to the negotiated DTLS cipher suite.
  const auto common = std::ranges::find_if(
      ours, [&](SrtpProfile profile) { return offer.profiles.Contains(profile); });
  if (common == ours.end()) return std::nullopt;
  return *common;
}

Status ReadSelectedSrtp(std::span<const uint8_t> data, std::span<const SrtpProfile> profiles,
                        std::span<const uint8_t> mki, std::optional<SrtpProfile>* profile,
                        std::vector<uint8_t>* selected_mki) {
  const auto answer = ParseUseSrtp(data);
  if (!answer.has_value()) return DecodeError();
  //= rfc5764#section-4.1.1
  //# The extension_data field MUST contain a UseSRTPData value with a
  //# single SRTPProtectionProfile value that the server has chosen for use
  //# with this connection.
  if (answer->profiles.size() != 1) return IllegalParameter(Reason::kBadExtension);
  const auto selected = static_cast<SrtpProfile>(answer->profiles[0]);
  if (std::ranges::find(profiles, selected) == profiles.end()) {
    return IllegalParameter(Reason::kBadExtension);
  }
  //= rfc5764#section-4.1.3
  //# If the client detects a nonzero-length MKI in the server's response
  //# that is different than the one the client offered, then the client
  //# MUST abort the handshake and SHOULD send an invalid_parameter alert.
  if (!answer->mki.empty() && !std::ranges::equal(answer->mki, mki)) {
    return IllegalParameter(Reason::kBadExtension);
  }
  *profile = selected;
  selected_mki->assign(answer->mki.begin(), answer->mki.end());
  return Status::Ok();
}

}  // namespace dtls13
