// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_
#define DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_

#include <optional>

#include "shim/attachment/libssl_cause.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// CauseAgainstDtls13 says why DTLS 1.3 is not within what the SSL's method, limits and options
// allow; nothing where it is.
std::optional<LibsslCause> CauseAgainstDtls13(const SslAttachment& attachment);
inline bool AllowsDtls13(const SslAttachment& attachment) {
  return !CauseAgainstDtls13(attachment).has_value();
}
// AllowsOlder says whether the SSL may fall back to libssl's DTLS 1.2.
bool AllowsOlder(const SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_PROTOCOL_VERSION_H_
