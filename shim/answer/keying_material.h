// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_KEYING_MATERIAL_H_
#define DTLS13_SHIM_ANSWER_KEYING_MATERIAL_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// ExportKeys fills `out` as SSL_export_keying_material does; false before the handshake is over,
// and when libcrypto fails. To TLS 1.3 no context and an empty one are the same.
//
// DTLS 1.2's exporter is a stream: who asks for more finds the same bytes in front. Programs that
// ask DTLS-SRTP's label for the longest profile's keys, whichever was negotiated, rely on it. So
// without a context, that label gives first what the negotiated profile's own length gives, and
// behind it the rest of what RFC 8446 section 7.5 gives for the whole length.
bool ExportKeys(const SslAttachment& attachment, std::string_view label,
                std::span<const uint8_t> context, std::span<uint8_t> out);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_KEYING_MATERIAL_H_
