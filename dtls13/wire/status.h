// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_STATUS_H_
#define DTLS13_WIRE_STATUS_H_

#include <cstdint>

#include "dtls13/wire/alert.h"

namespace dtls13 {

// Reason says, for the caller's diagnosis, why an association failed. It never goes on the wire;
// the alert does. Values are stable: the shim maps each to the libssl reason code it would report.
enum class Reason : uint16_t {
  kNone = 0,
  kDecodeError,           // a message does not parse
  kUnexpectedMessage,     // a message the transition table does not allow
  kExcessiveMessageSize,  // a handshake message longer than its bound
  kBadLegacyVersion,
  kUnsupportedProtocol,  // no common version
  kPeerIsOlder,          // no failure: the server has DTLS 1.2, and the caller goes on with that
  kNoSharedCipher,
  kWrongCipherReturned,  // the server chose a suite that was not offered, or changed it after HRR
  kNoSuitableKeyShare,
  kBadKeyShare,
  kNoSuitableGroup,
  kNoSuitableSignatureAlgorithm,
  kWrongSignatureType,
  kBadSignature,
  kBadDigest,  // Finished does not verify
  kMissingExtension,
  kUnsolicitedExtension,
  kDuplicateExtension,
  kBadExtension,
  kInvalidSessionId,  // legacy_session_id_echo is not empty
  kInvalidCompression,
  kCookieMismatch,
  kBadHelloRetryRequest,
  kHelloChanged,             // the second ClientHello differs where it must not
  kFragmentMismatch,         // a retransmitted fragment changed a byte
  kCertificateVerifyFailed,  // the caller's verifier refused the chain
  kNoPeerCertificate,
  kBadCertificate,
  kBadCompression,  // of a certificate
  kSignerFailed,
  kNoCertificateSet,
  kBadAck,
  kBadAlert,
  kPeerAlert,             // the peer sent a fatal alert; Status::alert is the peer's
  kHandshakeTimeout,      // the retransmission limit was reached
  kRecordOverflow,        // a record longer than was agreed
  kRecordLimit,           // AEAD limits or record numbers are exhausted
  kIntegrityLimit,        // too many records failed authentication
  kMessageSequenceLimit,  // message_seq would wrap
  kBadKeyUpdate,
  kTooManyKeyUpdates,  // the peer renews its keys again and again
  kBadConnectionId,
  kTooManyConnectionIds,  // the peer asks for more and more of them
  kNoApplicationProtocol,
  kUnknownPskIdentity,  // no PSK that is known was offered, and there is no other way in
  kBinderMismatch,      // the binder of the selected PSK does not verify
  kBadPsk,              // the server selected a PSK in a way that contradicts the offer
  kInappropriateFallback,
  kExported,          // another process continues it
  kCanceled,          // by our own caller, during the handshake
  kTooMuchEarlyData,  // more than the ticket allows
  kCrypto,            // libcrypto failed
  kInternal,
  kCallbackFailed,  // the caller's, while it was asked for its part of a message
};

//= rfc8446#section-6.2
//# The phrases "terminate the connection with an X
//# alert" and "abort the handshake with an X alert" mean that the
//# implementation MUST send alert X if it sends any alert.

//= rfc8446#section-6.2
//# In the
//# rest of this specification, when the phrases "terminate the
//# connection" and "abort the handshake" are used without a specific
//# alert it means that the implementation SHOULD send the alert
//# indicated by the descriptions below.

// Status is the outcome above the record layer: success, or the one reason and the one alert the
// peer is to be told. Four bytes, passed by value. A fatal path names exactly one alert.
class [[nodiscard]] Status {
 public:
  static constexpr Status Ok() { return Status(Reason::kNone, AlertDescription::kCloseNotify); }
  // `reason` must not be kNone.
  static constexpr Status Fatal(Reason reason, AlertDescription alert) {
    return Status(reason, alert);
  }

  constexpr bool ok() const { return reason_ == Reason::kNone; }
  constexpr Reason reason() const { return reason_; }
  // alert is meaningful only when !ok().
  constexpr AlertDescription alert() const { return alert_; }

 private:
  constexpr Status(Reason reason, AlertDescription alert) : reason_(reason), alert_(alert) {}

  Reason reason_;
  AlertDescription alert_;
};
static_assert(sizeof(Status) == 4);

}  // namespace dtls13

#endif  // DTLS13_WIRE_STATUS_H_
