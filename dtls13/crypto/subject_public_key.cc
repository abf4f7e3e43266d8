// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/subject_public_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dtls13/crypto/der_element.h"
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

}  // namespace

OpenSslPtr<EVP_PKEY> EllipticCurveKeyOfCertificate(const Algorithms& algorithms,
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
  const std::optional<NamedGroup> curve = CurveOf(algorithm);
  // The first byte counts the unused bits of the last.
  if (!curve || !algorithms.Supports(*curve) || bits.empty() || bits[0] != 0) return nullptr;
  const std::span<const uint8_t> point = bits.subspan(1);
  if (point.size() != FindNamedGroup(*curve)->public_key_len || point[0] != kUncompressedPoint) {
    return nullptr;
  }
  OpenSslPtr<EVP_PKEY> key(EVP_PKEY_new());
  if (!key || EVP_PKEY_copy_parameters(key.get(), algorithms.group_parameters(*curve)) != 1 ||
      EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    return nullptr;
  }
  return key;
}

}  // namespace dtls13
