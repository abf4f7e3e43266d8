// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_USE_SRTP_H_
#define DTLS13_MESSAGE_USE_SRTP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/extensions.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// UseSrtpView is use_srtp's data, RFC 5764 section 4.1.1: views of the message.
struct UseSrtpView {
  CodePointList profiles;
  std::span<const uint8_t> mki;  // at most 255 bytes, often none
};

// SrtpKeyingMaterialLen is how many bytes a profile takes of the exporter, RFC 5764 section 4.2:
// the master key and the master salt of both directions. 0 for a profile without keys, or one that
// is not known here.
size_t SrtpKeyingMaterialLen(SrtpProfile profile);

// ParseUseSrtp: nothing (decode_error) when it is malformed or lists no profile.
std::optional<UseSrtpView> ParseUseSrtp(std::span<const uint8_t> data);

// WriteUseSrtp writes the extension's data.
void WriteUseSrtp(ByteWriter* writer, std::span<const SrtpProfile> profiles,
                  std::span<const uint8_t> mki);

// SelectSrtpProfile returns the most wanted of our profiles that the client has; nothing when there
// is none, which is no error.
std::optional<SrtpProfile> SelectSrtpProfile(std::span<const SrtpProfile> ours,
                                             const UseSrtpView& offer);

// ReadSelectedSrtp reads a server's answer to a client that offered `profiles` and `mki`:
// decode_error when it is malformed, illegal_parameter when it is not one of them, or not that MKI
// or none.
Status ReadSelectedSrtp(std::span<const uint8_t> data, std::span<const SrtpProfile> profiles,
                        std::span<const uint8_t> mki, std::optional<SrtpProfile>* profile,
                        std::vector<uint8_t>* selected_mki);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_USE_SRTP_H_
