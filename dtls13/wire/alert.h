// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_ALERT_H_
#define DTLS13_WIRE_ALERT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dtls13 {

// AlertLevel is ignored on receipt, as RFC 8446 section 6 has it: the description decides.
enum class AlertLevel : uint8_t { kWarning = 1, kFatal = 2 };

// AlertDescription, RFC 8446 section 6 and RFC 9147 section 9.
enum class AlertDescription : uint8_t {
  kCloseNotify = 0,
  kUnexpectedMessage = 10,
  kBadRecordMac = 20,
  kRecordOverflow = 22,
  kHandshakeFailure = 40,
  kBadCertificate = 42,
  kUnsupportedCertificate = 43,
  kCertificateRevoked = 44,
  kCertificateExpired = 45,
  kCertificateUnknown = 46,
  kIllegalParameter = 47,
  kUnknownCa = 48,
  kAccessDenied = 49,
  kDecodeError = 50,
  kDecryptError = 51,
  kTooManyCidsRequested = 52,
  kProtocolVersion = 70,
  kInsufficientSecurity = 71,
  kInternalError = 80,
  kInappropriateFallback = 86,
  kUserCanceled = 90,
  kMissingExtension = 109,
  kUnsupportedExtension = 110,
  kUnrecognizedName = 112,
  kBadCertificateStatusResponse = 113,
  kUnknownPskIdentity = 115,
  kCertificateRequired = 116,
  kNoApplicationProtocol = 120,
};

// Alert is one alert record's content, 2 bytes on the wire.
struct Alert {
  AlertLevel level = AlertLevel::kFatal;
  AlertDescription description = AlertDescription::kInternalError;

  friend bool operator==(const Alert&, const Alert&) = default;
};

inline constexpr size_t kAlertLen = 2;

// ParseAlert reads exactly one alert. Nothing for any other length (an alert is never fragmented
// and never shares a record, RFC 8446 section 5.1). An unknown description parses: it is fatal.
std::optional<Alert> ParseAlert(std::span<const uint8_t> content);

std::array<uint8_t, kAlertLen> SerializeAlert(Alert alert);

// AlertName returns the RFC's word for `description` ("close_notify"), or "unknown".
std::string_view AlertName(AlertDescription description);

}  // namespace dtls13

#endif  // DTLS13_WIRE_ALERT_H_
