// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_FAILURE_H_
#define DTLS13_MESSAGE_FAILURE_H_

#include "dtls13/wire/status.h"

namespace dtls13 {

// The fatal statuses that many handlers end in, each with the one alert RFC 8446 section 6.2 has
// for it.

//= rfc8446#section-6
//# Peers which receive a message which cannot be parsed according to the
//# syntax (e.g., have a length extending beyond the message boundary or
//# contain an out-of-range length) MUST terminate the connection with a
//# "decode_error" alert.
// DecodeError: a field out of its range, or a length that does not fit.
constexpr Status DecodeError() {
  return Status::Fatal(Reason::kDecodeError, AlertDescription::kDecodeError);
}
//= rfc8446#section-6
//# Peers which receive a message which is syntactically
//# correct but semantically invalid (e.g., a DHE share of p - 1, or an
//# invalid enum) MUST terminate the connection with an
//# "illegal_parameter" alert.
// IllegalParameter: well formed, and incorrect or inconsistent with other fields.
constexpr Status IllegalParameter(Reason reason) {
  return Status::Fatal(reason, AlertDescription::kIllegalParameter);
}
constexpr Status UnexpectedMessage() {
  return Status::Fatal(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
}
constexpr Status MissingExtension() {
  return Status::Fatal(Reason::kMissingExtension, AlertDescription::kMissingExtension);
}
constexpr Status HandshakeFailure(Reason reason) {
  return Status::Fatal(reason, AlertDescription::kHandshakeFailure);
}
constexpr Status ProtocolVersionFailure() {
  return Status::Fatal(Reason::kUnsupportedProtocol, AlertDescription::kProtocolVersion);
}
// PeerIsOlder: the alert is for a caller that cannot go on either.
constexpr Status PeerIsOlder() {
  return Status::Fatal(Reason::kPeerIsOlder, AlertDescription::kProtocolVersion);
}
// InternalError: ours, not the peer's: libcrypto or the caller failed.
constexpr Status InternalError(Reason reason) {
  return Status::Fatal(reason, AlertDescription::kInternalError);
}

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_FAILURE_H_
