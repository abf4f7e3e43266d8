#include "shim/libssl/error_map.h"

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

namespace {

// What OpenSSL's own macro does, which knows no function names in C++.
void NewError() {
  ERR_new();
  ERR_set_debug(__FILE__, __LINE__, "dtls13");
}

}  // namespace

int LibsslReason(Status status) {
  switch (status.reason()) {
    case Reason::kNone:
      return 0;
    case Reason::kDecodeError:
      return SSL_R_LENGTH_MISMATCH;
    case Reason::kUnexpectedMessage:
      return SSL_R_UNEXPECTED_MESSAGE;
    case Reason::kExcessiveMessageSize:
      return SSL_R_EXCESSIVE_MESSAGE_SIZE;
    case Reason::kBadLegacyVersion:
      return SSL_R_BAD_LEGACY_VERSION;
    case Reason::kPeerIsOlder:
    case Reason::kUnsupportedProtocol:
      return SSL_R_UNSUPPORTED_PROTOCOL;
    case Reason::kNoSharedCipher:
      return SSL_R_NO_SHARED_CIPHER;
    case Reason::kWrongCipherReturned:
      return SSL_R_WRONG_CIPHER_RETURNED;
    case Reason::kNoSuitableKeyShare:
      return SSL_R_NO_SUITABLE_KEY_SHARE;
    case Reason::kBadKeyShare:
      return SSL_R_BAD_KEY_SHARE;
    case Reason::kNoSuitableGroup:
      return SSL_R_NO_SUITABLE_GROUPS;
    case Reason::kNoSuitableSignatureAlgorithm:
      return SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM;
    case Reason::kWrongSignatureType:
      return SSL_R_WRONG_SIGNATURE_TYPE;
    case Reason::kBadSignature:
      return SSL_R_BAD_SIGNATURE;
    case Reason::kBadDigest:
      return SSL_R_DIGEST_CHECK_FAILED;
    case Reason::kMissingExtension:
      return SSL_R_MISSING_SUPPORTED_GROUPS_EXTENSION;
    case Reason::kUnsolicitedExtension:
      return SSL_R_UNSOLICITED_EXTENSION;
    case Reason::kDuplicateExtension:
    case Reason::kBadExtension:
      return SSL_R_BAD_EXTENSION;
    case Reason::kInvalidSessionId:
      return SSL_R_INVALID_SESSION_ID;
    case Reason::kInvalidCompression:
      return SSL_R_INVALID_COMPRESSION_ALGORITHM;
    case Reason::kCookieMismatch:
    case Reason::kHelloChanged:
      return SSL_R_COOKIE_MISMATCH;
    case Reason::kBadHelloRetryRequest:
      return SSL_R_BAD_HRR_VERSION;
    case Reason::kFragmentMismatch:
    case Reason::kBadAck:
      return SSL_R_BAD_PACKET;
    case Reason::kCertificateVerifyFailed:
      return SSL_R_CERTIFICATE_VERIFY_FAILED;
    case Reason::kNoPeerCertificate:
      return SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
    case Reason::kBadCertificate:
      return ERR_R_ASN1_LIB;
    case Reason::kBadCompression:
      return SSL_R_BAD_DECOMPRESSION;
    case Reason::kSignerFailed:
    case Reason::kCrypto:
      return ERR_R_EVP_LIB;
    case Reason::kNoCertificateSet:
      return SSL_R_NO_CERTIFICATE_SET;
    case Reason::kTooMuchEarlyData:
      return SSL_R_TOO_MUCH_EARLY_DATA;
    case Reason::kBadAlert:
      return SSL_R_INVALID_ALERT;
    case Reason::kPeerAlert:
      return SSL_AD_REASON_OFFSET + static_cast<int>(status.alert());
    case Reason::kHandshakeTimeout:
      return SSL_R_READ_TIMEOUT_EXPIRED;
    case Reason::kRecordOverflow:
      return SSL_R_DATA_LENGTH_TOO_LONG;
    case Reason::kRecordLimit:
      return SSL_R_TOO_MANY_KEY_UPDATES;
    case Reason::kIntegrityLimit:
      return SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC;
    case Reason::kExported:
    case Reason::kCanceled:
    case Reason::kMessageSequenceLimit:
    case Reason::kInternal:
      return ERR_R_INTERNAL_ERROR;
    case Reason::kBadConnectionId:
      return SSL_R_BAD_EXTENSION;
    case Reason::kTooManyConnectionIds:
      return SSL_R_UNEXPECTED_MESSAGE;
    case Reason::kBadKeyUpdate:
      return SSL_R_BAD_KEY_UPDATE;
    case Reason::kUnknownPskIdentity:
      return SSL_R_PSK_IDENTITY_NOT_FOUND;
    case Reason::kBinderMismatch:
      return SSL_R_BINDER_DOES_NOT_VERIFY;
    case Reason::kBadPsk:
      return SSL_R_BAD_PSK_IDENTITY;
    case Reason::kNoApplicationProtocol:
      return SSL_R_NO_APPLICATION_PROTOCOL;
    case Reason::kInappropriateFallback:
      return SSL_R_INAPPROPRIATE_FALLBACK;
  }
  return ERR_R_INTERNAL_ERROR;
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
