// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_WIRE_CODE_POINTS_H_
#define DTLS13_WIRE_CODE_POINTS_H_

#include <cstdint>

namespace dtls13 {

// ContentType, RFC 8446 section 5.1 and RFC 9147 section 4.1.
enum class ContentType : uint8_t {
  kInvalid = 0,
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kTls12Cid = 25,
  kAck = 26,
  kReturnRoutabilityCheck = 27,
};

// HandshakeType, RFC 8446 section 4 and RFC 9147 section 5.2.
enum class HandshakeType : uint8_t {
  kClientHello = 1,
  kServerHello = 2,
  kHelloVerifyRequest = 3,
  kNewSessionTicket = 4,
  kEndOfEarlyData = 5,  // of DTLS drafts before -30 alone
  kEncryptedExtensions = 8,
  kRequestConnectionId = 9,
  kNewConnectionId = 10,
  kCertificate = 11,
  kCertificateRequest = 13,
  kCertificateVerify = 15,
  kFinished = 20,
  kKeyUpdate = 24,
  kCompressedCertificate = 25,  // RFC 8879
  kMessageHash = 254,
};

enum class ExtensionType : uint16_t {
  kServerName = 0,
  kMaxFragmentLength = 1,
  kStatusRequest = 5,
  kSupportedGroups = 10,
  kSignatureAlgorithms = 13,
  kUseSrtp = 14,
  kApplicationLayerProtocolNegotiation = 16,
  kSignedCertificateTimestamp = 18,
  kClientCertificateType = 19,  // RFC 7250
  kServerCertificateType = 20,
  kPadding = 21,
  kExtendedMasterSecret = 23,
  kCompressCertificate = 27,  // RFC 8879
  kRecordSizeLimit = 28,
  kPreSharedKey = 41,
  kEarlyData = 42,
  kSupportedVersions = 43,
  kCookie = 44,
  kPskKeyExchangeModes = 45,
  kCertificateAuthorities = 47,
  kOidFilters = 48,
  kPostHandshakeAuth = 49,
  kSignatureAlgorithmsCert = 50,
  kKeyShare = 51,
  kConnectionId = 54,
  kReturnRoutabilityCheck = 61,  // rrc, RFC 9853
  kEncryptedClientHello = 0xfe0d,
  kRenegotiationInfo = 0xff01,
};

enum class NamedGroup : uint16_t {
  kSecp256r1 = 23,
  kSecp384r1 = 24,
  kSecp521r1 = 25,
  kX25519 = 29,
  kX448 = 30,
  kBrainpoolP256r1Tls13 = 31,  // RFC 8734
  kBrainpoolP384r1Tls13 = 32,
  kBrainpoolP512r1Tls13 = 33,
  kMlKem512 = 0x0200,  // draft-ietf-tls-mlkem
  kMlKem768 = 0x0201,
  kMlKem1024 = 0x0202,
  kSecp256r1MlKem768 = 0x11eb,  // draft-ietf-tls-ecdhe-mlkem
  kX25519MlKem768 = 0x11ec,
  kSecp384r1MlKem1024 = 0x11ed,
};

enum class SignatureScheme : uint16_t {
  kRsaPkcs1Sha256 = 0x0401,  // certificates' own signatures only, RFC 8446 section 4.2.3
  kRsaPkcs1Sha384 = 0x0501,
  kRsaPkcs1Sha512 = 0x0601,
  kEcdsaSecp256r1Sha256 = 0x0403,
  kEcdsaSecp384r1Sha384 = 0x0503,
  kEcdsaSecp521r1Sha512 = 0x0603,
  kRsaPssRsaeSha256 = 0x0804,
  kRsaPssRsaeSha384 = 0x0805,
  kRsaPssRsaeSha512 = 0x0806,
  kEd25519 = 0x0807,
  kEd448 = 0x0808,
  kRsaPssPssSha256 = 0x0809,
  kRsaPssPssSha384 = 0x080a,
  kRsaPssPssSha512 = 0x080b,
  kEcdsaBrainpoolP256r1Tls13Sha256 = 0x081a,  // RFC 8734
  kEcdsaBrainpoolP384r1Tls13Sha384 = 0x081b,
  kEcdsaBrainpoolP512r1Tls13Sha512 = 0x081c,
  kMlDsa44 = 0x0904,  // draft-ietf-tls-mldsa
  kMlDsa65 = 0x0905,
  kMlDsa87 = 0x0906,
};

// CertificateType, RFC 8446 section 4.4.2.
enum class CertificateType : uint8_t {
  kX509 = 0,
  kRawPublicKey = 2,
};

// CertificateCompression is RFC 8879's CertificateCompressionAlgorithm.
enum class CertificateCompression : uint16_t {
  kZlib = 1,
  kBrotli = 2,
  kZstd = 3,
};

// SrtpProfile, RFC 5764 section 4.1.2, RFC 7714 section 14.2, RFC 8723 section 9.1 and RFC 8269
// section 6.1.
enum class SrtpProfile : uint16_t {
  kAes128CmHmacSha1_80 = 0x0001,
  kAes128CmHmacSha1_32 = 0x0002,
  kNullHmacSha1_80 = 0x0005,
  kNullHmacSha1_32 = 0x0006,
  kAeadAes128Gcm = 0x0007,
  kAeadAes256Gcm = 0x0008,
  kDoubleAeadAes128Gcm = 0x0009,
  kDoubleAeadAes256Gcm = 0x000a,
  kAria128CtrHmacSha1_80 = 0x000b,
  kAria128CtrHmacSha1_32 = 0x000c,
  kAria256CtrHmacSha1_80 = 0x000d,
  kAria256CtrHmacSha1_32 = 0x000e,
  kAeadAria128Gcm = 0x000f,
  kAeadAria256Gcm = 0x0010,
};

// MaxFragmentLength, RFC 6066 section 4.
enum class MaxFragmentLength : uint8_t { k512 = 1, k1024 = 2, k2048 = 3, k4096 = 4 };

// PskKeyExchangeMode, RFC 8446 section 4.2.9.
enum class PskKeyExchangeMode : uint8_t {
  kPskKe = 0,     // the PSK alone: no forward secrecy
  kPskDheKe = 1,  // the PSK with a key exchange
};

// CipherSuiteId: the suites of RFC 8446 appendix B.4 that this library implements.
enum class CipherSuiteId : uint16_t {
  kAes128GcmSha256 = 0x1301,
  kAes256GcmSha384 = 0x1302,
  kChaCha20Poly1305Sha256 = 0x1303,
};

// Versions as DTLS writes them: the ones' complement of the number, so newer is smaller.
inline constexpr uint16_t kDtls10Version = 0xfeff;
inline constexpr uint16_t kDtls12Version = 0xfefd;
inline constexpr uint16_t kDtls13Version = 0xfefc;
// The drafts of TLS 1.3 and their implementations wrote 0x7f00 and the draft's number, in DTLS too.
inline constexpr uint16_t kDraft26Version = 0x7f1a;

inline constexpr uint16_t kFallbackScsv = 0x5600;  // RFC 7507

}  // namespace dtls13

#endif  // DTLS13_WIRE_CODE_POINTS_H_
