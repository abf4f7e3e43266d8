// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/subject_public_key.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "dtls13/crypto/der_element.h"
#include "dtls13/crypto/encoded_public_key.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

constexpr uint8_t kUncompressedPoint = 4;

// AlgorithmIdentifier's content: id-ecPublicKey and the curve, RFC 5480 section 2.1.1.
constexpr std::array<uint8_t, 19> kP256Algorithm = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                                    0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                                    0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<uint8_t, 16> kP384Algorithm = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                                                    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

// rsaEncryption and NULL, RFC 3279 section 2.3.1; id-Ed25519 alone, RFC 8410 section 3.
constexpr std::array<uint8_t, 13> kRsaAlgorithm = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                   0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
constexpr std::array<uint8_t, 5> kEd25519Algorithm = {0x06, 0x03, 0x2b, 0x65, 0x70};

// kMaxModulusLen is RSA-8192's, in bytes, and kMinModulusLen RSA-1024's: what is outside is left to
// libcrypto, as is a public exponent longer than any in use.
constexpr size_t kMaxModulusLen = 1024;
constexpr size_t kMinModulusLen = 128;
constexpr size_t kMaxExponentLen = 8;

// SubjectPublicKeyInfo's content in a Certificate, RFC 5280 section 4.1.
std::optional<std::span<const uint8_t>> FindSubjectPublicKeyInfo(std::span<const uint8_t> der) {
  std::span<const uint8_t> certificate;
  std::span<const uint8_t> to_be_signed;
  std::span<const uint8_t> key_info;
  ByteReader outer(der);
  if (!ReadDerElement(&outer, DerTag::kSequence, &certificate) || !outer.empty())
    return std::nullopt;
  ByteReader parts(certificate);
  if (!ReadDerElement(&parts, DerTag::kSequence, &to_be_signed) ||
      !SkipDerElements(&parts, {DerTag::kSequence, DerTag::kBitString}) || !parts.empty()) {
    return std::nullopt;
  }
  // version, serialNumber, signature, issuer, validity, subject. Version 1, which leaves its number
  // out, is left to libcrypto.
  ByteReader fields(to_be_signed);
  if (!SkipDerElements(&fields, {DerTag::kExplicit0, DerTag::kInteger, DerTag::kSequence,
                                 DerTag::kSequence, DerTag::kSequence, DerTag::kSequence}) ||
      !ReadDerElement(&fields, DerTag::kSequence, &key_info)) {
    return std::nullopt;
  }
  return key_info;
}

std::optional<NamedGroup> CurveOf(std::span<const uint8_t> algorithm) {
  if (std::ranges::equal(algorithm, kP256Algorithm)) return NamedGroup::kSecp256r1;
  if (std::ranges::equal(algorithm, kP384Algorithm)) return NamedGroup::kSecp384r1;
  return std::nullopt;
}

OpenSslPtr<EVP_PKEY> PointOn(const Algorithms& algorithms, NamedGroup curve,
                             std::span<const uint8_t> point) {
  if (!algorithms.Supports(curve) || point.size() != FindNamedGroup(curve)->public_key_len ||
      point[0] != kUncompressedPoint) {
    return nullptr;
  }
  return NewEncodedPublicKey(algorithms.group_parameters(curve), point);
}

// Unsigned is a positive integer of OSSL_PARAM's: in the machine's order of bytes.
template <size_t kMaxLen>
class Unsigned {
 public:
  // Read takes a positive INTEGER in the fewest bytes.
  bool Read(ByteReader* reader, size_t min_len) {
    std::span<const uint8_t> content;
    if (!ReadDerElement(reader, DerTag::kInteger, &content) || content.empty()) return false;
    if (content[0] >= 0x80) return false;
    if (content[0] == 0) {
      content = content.subspan(1);
      if (content.empty() || content[0] < 0x80) return false;
    }
    if (content.size() < min_len || content.size() > kMaxLen) return false;
    len_ = content.size();
    if constexpr (std::endian::native == std::endian::little) {
      std::copy(content.rbegin(), content.rend(), bytes_.begin());
    } else {
      std::copy(content.begin(), content.end(), bytes_.begin());
    }
    return true;
  }

  OSSL_PARAM Parameter(const char* name) {
    return OSSL_PARAM_construct_BN(name, bytes_.data(), len_);
  }

 private:
  std::array<uint8_t, kMaxLen> bytes_;
  size_t len_ = 0;
};

// RsaKey takes an RSAPublicKey, RFC 8017 appendix A.1.1.
OpenSslPtr<EVP_PKEY> RsaKey(const Algorithms& algorithms, std::span<const uint8_t> der) {
  ByteReader outer(der);
  std::span<const uint8_t> content;
  if (!ReadDerElement(&outer, DerTag::kSequence, &content) || !outer.empty()) return nullptr;
  ByteReader fields(content);
  Unsigned<kMaxModulusLen> modulus;
  Unsigned<kMaxExponentLen> exponent;
  if (!modulus.Read(&fields, kMinModulusLen) || !exponent.Read(&fields, 1) || !fields.empty()) {
    return nullptr;
  }
  std::array<OSSL_PARAM, 3> parameters = {modulus.Parameter(OSSL_PKEY_PARAM_RSA_N),
                                          exponent.Parameter(OSSL_PKEY_PARAM_RSA_E),
                                          OSSL_PARAM_construct_end()};
  const OpenSslPtr<EVP_PKEY_CTX> context(
      EVP_PKEY_CTX_new_from_name(algorithms.library_context(), "RSA", algorithms.property_query()));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1) {
    return nullptr;
  }
  return OpenSslPtr<EVP_PKEY>(key);
}

OpenSslPtr<EVP_PKEY> Ed25519Key(const Algorithms& algorithms, std::span<const uint8_t> bytes) {
  return OpenSslPtr<EVP_PKEY>(EVP_PKEY_new_raw_public_key_ex(algorithms.library_context(),
                                                             "ED25519", algorithms.property_query(),
                                                             bytes.data(), bytes.size()));
}

}  // namespace

OpenSslPtr<EVP_PKEY> PlainKeyOfCertificate(const Algorithms& algorithms,
                                           std::span<const uint8_t> der) {
  const std::optional<std::span<const uint8_t>> key_info = FindSubjectPublicKeyInfo(der);
  if (!key_info) return nullptr;
  std::span<const uint8_t> algorithm;
  std::span<const uint8_t> bits;
  ByteReader reader(*key_info);
  if (!ReadDerElement(&reader, DerTag::kSequence, &algorithm) ||
      !ReadDerElement(&reader, DerTag::kBitString, &bits) || !reader.empty()) {
    return nullptr;
  }
  // The first byte counts the unused bits of the last.
  if (bits.empty() || bits[0] != 0) return nullptr;
  const std::span<const uint8_t> key = bits.subspan(1);
  if (const auto curve = CurveOf(algorithm)) return PointOn(algorithms, *curve, key);
  if (std::ranges::equal(algorithm, kRsaAlgorithm)) return RsaKey(algorithms, key);
  if (std::ranges::equal(algorithm, kEd25519Algorithm)) return Ed25519Key(algorithms, key);
  return nullptr;
}

}  // namespace dtls13
