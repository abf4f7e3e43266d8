// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/error_map.h"

#include <cstddef>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {
namespace {

// LibsslReasonOf is a row of a table in the order of Reason: where one is missing, it does not
// compile.
struct LibsslReasonOf {
  Reason reason;
  int libssl_reason;
};
constexpr LibsslReasonOf kReasons[] = {
    {Reason::kNone, 0},
    {Reason::kDecodeError, SSL_R_LENGTH_MISMATCH},
    {Reason::kUnexpectedMessage, SSL_R_UNEXPECTED_MESSAGE},
    {Reason::kExcessiveMessageSize, SSL_R_EXCESSIVE_MESSAGE_SIZE},
    {Reason::kBadLegacyVersion, SSL_R_BAD_LEGACY_VERSION},
    {Reason::kUnsupportedProtocol, SSL_R_UNSUPPORTED_PROTOCOL},
    {Reason::kPeerIsOlder, SSL_R_UNSUPPORTED_PROTOCOL},
    {Reason::kNoSharedCipher, SSL_R_NO_SHARED_CIPHER},
    {Reason::kWrongCipherReturned, SSL_R_WRONG_CIPHER_RETURNED},
    {Reason::kNoSuitableKeyShare, SSL_R_NO_SUITABLE_KEY_SHARE},
    {Reason::kBadKeyShare, SSL_R_BAD_KEY_SHARE},
    {Reason::kNoSuitableGroup, SSL_R_NO_SUITABLE_KEY_SHARE},
    {Reason::kNoSuitableSignatureAlgorithm, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM},
    {Reason::kWrongSignatureType, SSL_R_WRONG_SIGNATURE_TYPE},
    {Reason::kBadSignature, SSL_R_BAD_SIGNATURE},
    {Reason::kBadDigest, SSL_R_DIGEST_CHECK_FAILED},
    {Reason::kMissingExtension, SSL_R_MISSING_SUPPORTED_GROUPS_EXTENSION},
    {Reason::kUnsolicitedExtension, SSL_R_UNSOLICITED_EXTENSION},
    {Reason::kDuplicateExtension, SSL_R_BAD_EXTENSION},
    {Reason::kBadExtension, SSL_R_BAD_EXTENSION},
    {Reason::kInvalidSessionId, SSL_R_INVALID_SESSION_ID},
    {Reason::kInvalidCompression, SSL_R_INVALID_COMPRESSION_ALGORITHM},
    {Reason::kCookieMismatch, SSL_R_COOKIE_MISMATCH},
    {Reason::kBadHelloRetryRequest, SSL_R_BAD_HRR_VERSION},
    {Reason::kHelloChanged, SSL_R_COOKIE_MISMATCH},
    {Reason::kFragmentMismatch, SSL_R_BAD_PACKET},
    {Reason::kCertificateVerifyFailed, SSL_R_CERTIFICATE_VERIFY_FAILED},
    {Reason::kNoPeerCertificate, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE},
    {Reason::kBadCertificate, ERR_R_ASN1_LIB},
    {Reason::kBadCompression, SSL_R_BAD_DECOMPRESSION},
    {Reason::kSignerFailed, ERR_R_EVP_LIB},
    {Reason::kNoCertificateSet, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM},
    {Reason::kBadAck, SSL_R_BAD_PACKET},
    {Reason::kBadAlert, SSL_R_INVALID_ALERT},
    {Reason::kPeerAlert, SSL_AD_REASON_OFFSET},
    {Reason::kHandshakeTimeout, SSL_R_READ_TIMEOUT_EXPIRED},
    {Reason::kRecordOverflow, SSL_R_DATA_LENGTH_TOO_LONG},
    {Reason::kRecordLimit, SSL_R_TOO_MANY_KEY_UPDATES},
    {Reason::kIntegrityLimit, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC},
    {Reason::kMessageSequenceLimit, ERR_R_INTERNAL_ERROR},
    {Reason::kBadKeyUpdate, SSL_R_BAD_KEY_UPDATE},
    {Reason::kTooManyKeyUpdates, SSL_R_TOO_MANY_KEY_UPDATES},
    {Reason::kBadConnectionId, SSL_R_BAD_EXTENSION},
    {Reason::kTooManyConnectionIds, SSL_R_UNEXPECTED_MESSAGE},
    {Reason::kNoApplicationProtocol, SSL_R_NO_APPLICATION_PROTOCOL},
    {Reason::kUnknownPskIdentity, SSL_R_PSK_IDENTITY_NOT_FOUND},
    {Reason::kBinderMismatch, SSL_R_BINDER_DOES_NOT_VERIFY},
    {Reason::kBadPsk, SSL_R_BAD_PSK_IDENTITY},
    {Reason::kInappropriateFallback, SSL_R_INAPPROPRIATE_FALLBACK},
    {Reason::kExported, ERR_R_INTERNAL_ERROR},
    {Reason::kCanceled, ERR_R_INTERNAL_ERROR},
    {Reason::kTooMuchEarlyData, SSL_R_TOO_MUCH_EARLY_DATA},
    {Reason::kCrypto, ERR_R_EVP_LIB},
    {Reason::kInternal, ERR_R_INTERNAL_ERROR},
    {Reason::kCallbackFailed, SSL_R_CALLBACK_FAILED},
};
constexpr bool HasEveryReason() {
  size_t index = 0;
  for (const LibsslReasonOf& row : kReasons) {
    if (row.reason != static_cast<Reason>(index++)) return false;
  }
  return index == static_cast<size_t>(Reason::kCallbackFailed) + 1;
}
static_assert(HasEveryReason());

// NewError does what OpenSSL's own macro does, which knows no function names in C++.
void NewError() {
  ERR_new();
  ERR_set_debug(__FILE__, __LINE__, "dtls13");
}

}  // namespace

int LibsslReason(Status status) {
  const int reason = kReasons[static_cast<size_t>(status.reason())].libssl_reason;
  return status.reason() == Reason::kPeerAlert ? reason + static_cast<int>(status.alert()) : reason;
}

void RaiseStatus(Status status) {
  if (status.reason() == Reason::kPeerAlert) {
    NewError();
    ERR_set_error(ERR_LIB_SSL, LibsslReason(status), "SSL alert number %d",
                  static_cast<int>(status.alert()));
    return;
  }
  Raise(LibsslReason(status));
}

void Raise(int reason) {
  NewError();
  ERR_set_error(ERR_LIB_SSL, reason, nullptr);
}

}  // namespace dtls13::shim
