// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_
#define DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// AllowsDtls13 says whether DTLS 1.3 is within what the SSL's method, limits and options allow.
bool AllowsDtls13(const SslAttachment& attachment);
// AllowsOlder says whether the SSL may fall back to libssl's DTLS 1.2.
bool AllowsOlder(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_
